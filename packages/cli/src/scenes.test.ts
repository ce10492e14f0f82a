import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scenes } from './commands/scenes.ts';
import { explain } from './errors.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vssm-scenes-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const few = { testImages: 2, seed: 0, json: true } as const;

describe('vssm scenes', () => {
  it('leaves the whole or nothing under the name that it was given', async () => {
    const out = join(folder, 'whole');
    // Somebody else's, whatever it is called.
    mkdirSync(`${out}.unfinished`);
    writeFileSync(`${out}.unfinished/own.png`, '');
    mkdirSync(out);
    await scenes({ ...few, out });
    expect(readdirSync(out).toSorted()).toEqual(['annotations', 'classes.txt', 'images']);
    expect(readdirSync(join(out, 'images'))).toEqual(['validation']);
    expect(readdirSync(folder).toSorted()).toEqual(['whole', 'whole.unfinished']);
    expect(readdirSync(`${out}.unfinished`)).toEqual(['own.png']);
    await expect(scenes({ ...few, out })).rejects.toThrow('is not empty; give a new folder');
    // Parents are made on the way.
    const deep = join(folder, 'new/deep');
    await scenes({ ...few, out: deep });
    expect(readdirSync(deep).toSorted()).toEqual(['annotations', 'classes.txt', 'images']);
  });

  it('leaves nothing where it fails', async () => {
    const [data, out] = [join(folder, 'no-data'), join(folder, 'failed')];
    mkdirSync(data);
    await expect(scenes({ ...few, data, out })).rejects.toThrow('is missing');
    expect(readdirSync(folder).filter((name) => name.includes('failed'))).toEqual([]);
  });

  it('refuses an empty path, and scenes to train on without a source', async () => {
    await expect(scenes({ ...few, out: ' ' })).rejects.toThrow('--out "": give the path of a new folder');
    await expect(scenes({ ...few, images: 5, out: join(folder, 'none') })).rejects.toThrow(
      '--images 5: scenes to train on are made of --data; give both, or neither',
    );
    expect(existsSync(join(folder, 'none'))).toBe(false);
  });
});

it('a file where a folder is needed is one line, not a bug of ours', () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  let said = '';
  try {
    mkdirSync(file);
  } catch (error) {
    said = explain(error);
  }
  expect(said).toBe(`error: ${file}: is there already, and a folder is needed; give another path`);
});
