/** Files that the documentation names are there. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { editsOf } from './doc-edits.ts';

const root = join(import.meta.dirname, '../../..');
const pages = ['README.md', 'CONTRIBUTING.md', ...globSync('docs/*.md', { cwd: root })];

/** `core/src/x.ts` and `packages/core/src/x.ts`, in code or as a link's text; patterns and names to be filled in are none. */
const named = /`((?:packages\/)?[a-z-]+\/src\/[\w./-]+\.(?:ts|c))`/g;

it.each(pages)('%s', (page) => {
  const text = readFileSync(join(root, page), 'utf8');
  const created = new Set(editsOf(text).flatMap(({ file, how }) => (how === 'a new file' ? [file] : [])));
  const gone = [...text.matchAll(named)]
    .map(([, path]) => (path.startsWith('packages/') ? path : `packages/${path}`))
    .filter((path) => !created.has(path) && !existsSync(join(root, path)));
  expect(gone).toEqual([]);
});

it('there are such files', () => {
  const text = readFileSync(join(root, 'docs/architecture.md'), 'utf8');
  expect([...text.matchAll(named)].length).toBeGreaterThan(20);
});
