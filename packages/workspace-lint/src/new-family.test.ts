import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { carryOut } from './doc-edits.ts';
import { familyEdits } from './new-family.ts';

const root = join(import.meta.dirname, '../../..');
const page = readFileSync(join(root, 'docs/adding-a-model.md'), 'utf8');
const copy = mkdtempSync(join(tmpdir(), 'new-family-'));
afterAll(() => rmSync(copy, { recursive: true }));

it('writes the worked example under another name, once', () => {
  const edits = familyEdits(page, 'mine');
  for (const { file, how } of edits) {
    if (how === 'a new file') continue;
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    cpSync(join(root, file), join(copy, file));
  }
  const example = /\bwe call it `([a-z]+)`/i.exec(page)![1];
  carryOut(edits, copy);
  for (const { file } of edits) {
    const text = readFileSync(join(copy, file), 'utf8');
    expect(text, file).toMatch(/mine/i);
    expect(text.toLowerCase(), file).not.toContain(example);
  }
  expect(existsSync(join(copy, 'packages/families/src/mine/index.ts'))).toBe(true);
  expect(() => carryOut(edits, copy)).toThrow('is there already');
});

it.each(['', 'Mine', 'my-own', '7th'])('refuses the name "%s"', (name) => {
  expect(() => familyEdits(page, name)).toThrow('expected small letters and digits');
});

it('writes nothing where a step does not fit', () => {
  const text = [
    '`packages/new.ts`, a new file:\n\n```ts\nexport {};\n```\n',
    '`packages/families/src/table.ts`, after `no such line`:\n\n```ts\nmore\n```\n',
  ].join('\n');
  const edits = familyEdits(`We call it \`example\`.\n\n${text}`, 'mine');
  expect(edits).toHaveLength(2);
  expect(() => carryOut(edits, copy)).toThrow('0 lines are "no such line"');
  expect(existsSync(join(copy, 'packages/new.ts'))).toBe(false);
});
