/** What comes from elsewhere: libraries and data, each known, stated and allowed. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { licences, permissive } from './licences.ts';

const root = join(import.meta.dirname, '../../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');

describe('libraries', () => {
  const installed = licences(root);

  it('are many, and all of them are known', () => {
    expect(installed.length).toBeGreaterThan(20);
    expect(installed.map(({ name }) => name)).toContain('onnxruntime-node');
  });

  it('have licences that go with MIT', () => {
    const allowed = (licence: string) =>
      licence
        .replace(/[()]/g, '')
        .split(/ OR /)
        .some((choice) => choice.split(' AND ').every((part) => permissive.includes(part)));
    expect(installed.filter(({ licence }) => !allowed(licence))).toEqual([]);
  });

  it('are pinned to one version each, and the lockfile is there', () => {
    const loose: string[] = [];
    for (const group of ['packages', 'benchmarks', 'datasets', '.']) {
      for (const name of group === '.' ? ['.'] : readdirSync(join(root, group))) {
        const file = join(root, group, name, 'package.json');
        if (!existsSync(file)) continue;
        const { dependencies = {}, devDependencies = {} } = JSON.parse(readFileSync(file, 'utf8'));
        for (const [library, version] of Object.entries({ ...dependencies, ...devDependencies })) {
          if (!/^(workspace:\*|\d+\.\d+\.\d+(-[\w.]+)?)$/.test(String(version)))
            loose.push(`${file}: ${library}`);
        }
      }
    }
    expect(loose).toEqual([]);
    expect(read('pnpm-lock.yaml')).toContain('lockfileVersion');
  });

  it('run nothing when they are installed', () => {
    const [, allowed] = /^allowBuilds:\n((?: {2}.*\n)+)/m.exec(`${read('pnpm-workspace.yaml')}\n`)!;
    for (const line of allowed.trimEnd().split('\n')) expect(line).toMatch(/^ {2}['"]?[@\w/-]+['"]?: false$/);
  });
});

describe('data files', () => {
  const notes = ['README.md', 'NOTE.md', 'NOTES.md', 'CHECKPOINT.md'];
  const folders = [
    ...readdirSync(join(root, 'datasets')).map((name) => `datasets/${name}`),
    ...readdirSync(join(root, 'packages')).map((name) => `packages/${name}/testdata`),
  ].filter((folder) => existsSync(join(root, folder)));

  it.each(folders)('of %s say where they come from', (folder) => {
    expect(notes.some((note) => existsSync(join(root, folder, note)))).toBe(true);
  });

  it('of the embedded data set are named with their checksums', () => {
    const card = `${read('datasets/fashion-mnist/README.md')}${read('datasets/fashion-mnist/CHECKPOINT.md')}`;
    const data = readdirSync(join(root, 'datasets/fashion-mnist')).filter((name) => /\.(gz|pth)$/.test(name));
    expect(data.length).toBe(3);
    for (const name of data) expect(card, relative(root, name)).toContain(name);
    expect([...card.matchAll(/\b[0-9a-f]{64}\b/g)].length).toBeGreaterThanOrEqual(3);
  });
});
