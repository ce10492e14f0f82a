/** The steps of the documentation's worked examples: new files, and lines in files that are there. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface Edit {
  /** Below the root. */
  readonly file: string;
  readonly how: 'after' | 'instead of' | 'a new file';
  /** A line of the file, without its indentation; empty for a new file. */
  readonly line: string;
  readonly lines: readonly string[];
}

/** "`FILE`, after `LINE`:" or "`FILE`, a new file:", and a block of code. */
export function editsOf(page: string): readonly Edit[] {
  const steps =
    /^`(packages\/[^`]+)`, (after|instead of|a new file)(?: `([^\n]+)`)?:\n\n```\w+\n([\s\S]*?)\n```$/gm;
  return [...page.matchAll(steps)].map(([, file, how, line, code]) => ({
    file,
    how: how as Edit['how'],
    line: line ?? '',
    lines: code.split('\n'),
  }));
}

/**
 * Carries the edits out below a folder, in their order.
 *
 * @throws Error for a new file that is there, and for a line that is not there once; nothing is written then
 */
export function carryOut(edits: readonly Edit[], root: string): void {
  const written = new Map<string, string>();
  for (const edit of edits) {
    const { file, how, lines } = edit;
    const path = join(root, file);
    const before = written.get(path) ?? (existsSync(path) ? readFileSync(path, 'utf8') : undefined);
    if (how === 'a new file') {
      if (before !== undefined) throw new Error(`${file} is there already`);
      written.set(path, `${lines.join('\n')}\n`);
    } else {
      if (before === undefined) throw new Error(`${file} is not there`);
      written.set(path, edited(before, edit));
    }
  }
  for (const [path, content] of written) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
}

function edited(text: string, { file, how, line, lines }: Edit): string {
  const old = text.split('\n');
  const places = old.flatMap((own, at) => (own.trim() === line ? [at] : []));
  if (places.length !== 1) throw new Error(`${file}: ${places.length} lines are "${line}", expected one`);
  const [place] = places;
  return old.toSpliced(how === 'after' ? place + 1 : place, how === 'after' ? 0 : 1, ...lines).join('\n');
}
