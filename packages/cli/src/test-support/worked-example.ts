/** The worked examples of docs, carried out on a copy of the packages that they touch. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect } from 'vitest';

export const root = join(import.meta.dirname, '../../../..');

export interface Edit {
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

export function carryOut(edits: readonly Edit[], target: string): void {
  for (const edit of edits) {
    const file = join(target, edit.file);
    if (edit.how === 'a new file') {
      expect(existsSync(file), edit.file).toBe(false);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, `${edit.lines.join('\n')}\n`);
    } else writeFileSync(file, apply(readFileSync(file, 'utf8'), edit));
  }
}

function apply(text: string, { file, how, line, lines }: Edit): string {
  const old = text.split('\n');
  const places = old.flatMap((own, at) => (own.trim() === line ? [at] : []));
  expect(places, `${file}: "${line}"`).toHaveLength(1);
  return old
    .toSpliced(how === 'after' ? places[0] + 1 : places[0], how === 'after' ? 0 : 1, ...lines)
    .join('\n');
}

/** Copies packages with all that they need, so that their own links lead to the copies. */
export function copyPackages(target: string, names: readonly string[], skipped: readonly string[]): void {
  const needed = new Set<string>();
  const add = (name: string) => {
    if (needed.has(name)) return;
    needed.add(name);
    const { dependencies = {} } = JSON.parse(
      readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'),
    );
    for (const own of Object.keys(dependencies)) if (own.startsWith('@vssm/')) add(own.slice(6));
  };
  for (const name of names) add(name);
  const left = ['.vite', '.cache', 'bench', ...skipped];
  for (const name of needed) {
    cpSync(join(root, 'packages', name), join(target, 'packages', name), {
      recursive: true,
      verbatimSymlinks: true,
      filter: (path) => !left.includes(basename(path)),
    });
  }
  symlinkSync(join(root, 'node_modules'), join(target, 'node_modules'));
  writeFileSync(join(target, 'package.json'), '{"type":"module"}');
}

/**
 * What the compiler has to say of the copies, tests left out.
 *
 * @param tests files that are compiled although only tests use them
 */
export function compile(target: string, tests: readonly string[] = []): string {
  const options = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8'));
  const exclude = ['**/*.asm.ts', '**/*.test.ts', '**/*.fuzz.ts', '**/test-support'];
  const config = { ...options, include: ['packages/*/src'], exclude, files: tests };
  writeFileSync(join(target, 'tsconfig.json'), JSON.stringify(config));
  return spawnSync(join(root, 'node_modules/.bin/tsc'), ['-p', target], { encoding: 'utf8' }).stdout;
}
