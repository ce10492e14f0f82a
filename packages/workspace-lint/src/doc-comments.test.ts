import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { checkDocComments } from './doc-comments.ts';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'doc-comments-'));
});
afterAll(() => rmSync(root, { recursive: true }));

function write(path: string, content: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}

it('every export of this workspace says what it does', () => {
  expect(checkDocComments(fileURLToPath(new URL('../../..', import.meta.url)))).toEqual([]);
});

it('finds what a package exports through its index files, and nothing else', () => {
  write('packages/made-up/package.json', JSON.stringify({ exports: { '.': './src/index.ts' } }));
  write(
    'packages/made-up/src/index.ts',
    "export { a, b as c, type D } from './parts.ts';\nexport * from './all.ts';\n",
  );
  write(
    'packages/made-up/src/parts.ts',
    [
      '/** The file. */',
      'export function a() {}',
      '',
      '/** Says so. */',
      'export async function b() {}',
      '',
      'export function inside() {}',
      '',
    ].join('\n'),
  );
  write('packages/made-up/src/all.ts', 'export const one = 1;\n\nexport class Whole {}\n');
  expect(checkDocComments(root)).toEqual([
    'packages/made-up/src/all.ts:3: Whole is exported by its package and has no doc comment',
  ]);
  write('packages/made-up/src/parts.ts', 'export function a() {}\n\nexport async function b() {}\n');
  expect(checkDocComments(root)).toHaveLength(3);
});
