/**
 * `pnpm new-family NAME`: a model family to start from. It writes the worked example of docs/adding-a-model.md into this
 * checkout under another name: a folder that fills in the contract, and the lines in the tables.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { carryOut, type Edit, editsOf } from './doc-edits.ts';

const namePattern = /^[a-z][a-z0-9]{1,19}$/;

/** The example's steps with its name replaced, wherever it is part of a word. @throws Error for a name of another form */
export function familyEdits(page: string, name: string): readonly Edit[] {
  if (!namePattern.test(name)) {
    throw new Error(`"${name}": expected small letters and digits, a letter first, 2 to 20 of them`);
  }
  const example = /\bwe call it `([a-z]+)`/i.exec(page)?.[1];
  if (example === undefined) throw new Error('the page does not say what its example is called');
  const title = name[0].toUpperCase() + name.slice(1);
  const renamed = (text: string) =>
    text.replace(new RegExp(example, 'gi'), (found) => (/^[A-Z]/.test(found) ? title : name));
  return editsOf(page).map(({ file, how, line, lines }) => ({
    ...{ file: renamed(file), how, line: renamed(line) },
    lines: lines.map(renamed),
  }));
}

// Node, or run.js before it.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = join(import.meta.dirname, '../../..');
  const [name = ''] = process.argv.slice(2);
  try {
    const edits = familyEdits(readFileSync(join(root, 'docs/adding-a-model.md'), 'utf8'), name);
    carryOut(edits, root);
    const files = [...new Set(edits.map(({ file }) => file))];
    process.stderr.write(
      `${files.map((file) => `  ${file}`).join('\n')}\n${name} is Vim's blocks with the example's traits. ` +
        'docs/adding-a-model.md says what each file is for, and in which order to make them yours.\n',
    );
  } catch (error) {
    process.stderr.write(`new-family: ${(error as Error).message}\n`);
    process.exitCode = 2;
  }
}
