import { cpSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@vssm/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { labelPng } from '../test-support/label-png.ts';
import { temporaryFolder } from '../test-support/test-data.ts';
import { zipOf } from '../test-support/zip.ts';
import { adeClasses } from './classes.ts';
import { type AdeOptions, ade20kSampleDir, openAde20k } from './open.ts';

const top = 'ADEChallengeData2016';
const firstMap = `${top}/annotations/validation/ADE_val_00000001.png`;

async function opened(dir: string, options: AdeOptions = {}) {
  const dataset = await openAde20k(dir, options);
  onTestFinished(() => dataset.close());
  return dataset;
}

function copy(): string {
  const dir = temporaryFolder();
  cpSync(ade20kSampleDir, dir, { recursive: true });
  return dir;
}

describe('openAde20k', () => {
  it('opens the sample', async () => {
    const ade = await opened(ade20kSampleDir);
    expect(ade.samples.map(({ id }) => id)).toEqual([1, 2, 3, 4].map((at) => `ADE_val_0000000${at}`));
    expect(new Set(ade.classes).size).toBe(150);
    const { height, width, labels } = await ade.truth(0);
    expect([height, width]).toEqual([72, 96]);
    expect([labels[0], labels.at(-1)]).toEqual([1, 0]);
    expect(await ade.load(0)).toMatchObject({ height: 512, width: 704, original: { height: 72, width: 96 } });
    const vim = await opened(ade20kSampleDir, { recipe: 'vim-ade20k' });
    expect(await vim.preview(0)).toMatchObject({ height: 512, width: 683 });
  });

  it('is the same from its own folder, from the archive, and from beside it', async () => {
    const plain = await opened(ade20kSampleDir);
    const dir = copy();
    const paths = ['images', 'annotations'].flatMap((kind) =>
      readdirSync(join(dir, top, kind, 'validation')).map((name) => `${top}/${kind}/validation/${name}`),
    );
    const archive = join(temporaryFolder(), `${top}.zip`);
    writeFileSync(
      archive,
      zipOf(Object.fromEntries(paths.map((path) => [path, readFileSync(join(dir, path))]))),
    );
    for (const place of [join(dir, top), archive, join(archive, '..')]) {
      const other = await opened(place);
      expect(other.samples).toEqual(plain.samples);
      expect(other.checksum).toBe(plain.checksum);
      expect(await other.truth(3)).toEqual(await plain.truth(3));
      expect(await other.original(3)).toEqual(await plain.original(3));
    }
  });

  it('reads images and maps whose names are not UTF-8', async () => {
    const dir = copy();
    for (const folder of ['images', 'annotations']) {
      const at = join(dir, top, folder, 'validation');
      const name = Buffer.concat([Buffer.from(`${at}/caf`), Buffer.from([0xe9]), Buffer.from('.png')]);
      renameSync(join(at, 'ADE_val_00000001.png'), name);
    }
    const ade = await opened(dir);
    const index = ade.samples.findIndex(({ id }) => id === 'caf\\xe9');
    const plain = await opened(ade20kSampleDir);
    expect(await ade.truth(index)).toEqual(await plain.truth(0));
    expect(await ade.original(index)).toEqual(await plain.original(0));
  });

  it('names an image without label map, and a folder without images', async () => {
    const dir = copy();
    rmSync(join(dir, firstMap));
    await expect(openAde20k(dir)).rejects.toThrow(
      '4 images and 3 label maps in validation; ADE_val_00000001.png',
    );
    await expect(openAde20k(dir, { split: 'training' })).rejects.toThrow('no images/training in it');
    await expect(openAde20k('/nowhere')).rejects.toThrow('/nowhere: does not exist');
  });

  it('names a label map of another size, of another data set, and one that is none', async () => {
    const dir = copy();
    const path = join(dir, firstMap);
    const ade = await opened(dir);
    writeFileSync(path, labelPng(new Uint8Array(12), 3, 4));
    await expect(ade.truth(0)).rejects.toThrow(`${path}: 3x4, but `);
    writeFileSync(path, labelPng(new Uint16Array(12).fill(2000), 3, 4, { depth: 16 }));
    await expect(ade.truth(0)).rejects.toThrow(`label map ${path}: label 2000, but the classes are 0 … 150`);
    writeFileSync(path, 'text');
    await expect(ade.truth(0)).rejects.toThrow(UserError);
    await expect(ade.truth(0)).rejects.toThrow(`label map ${path}: not a PNG file`);
  });

  it('takes the classes of a list that lies beside the images, and refuses labels beyond them', async () => {
    const dir = copy();
    const plain = await opened(dir);
    expect(plain.classes).toBe(adeClasses);
    const list = join(dir, top, 'classes.txt');
    writeFileSync(list, ['cat', 'dog', ''].join('\n'));
    const own = await opened(dir);
    expect(own.classes).toEqual(['cat', 'dog']);
    expect(own.checksum).not.toBe(plain.checksum);
    await expect(own.truth(0)).rejects.toThrow(/label \d+, but the classes are 0 … 2/);
    writeFileSync(list, Array.from({ length: 255 }, (_, at) => `class ${at}`).join('\n'));
    await expect(openAde20k(dir)).rejects.toThrow(`${list}: 255 classes, more than the 254`);
    writeFileSync(list, '');
    await expect(openAde20k(dir)).rejects.toThrow(`${list}: holds no names`);
  });
});
