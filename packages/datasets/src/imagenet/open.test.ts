import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { UserError } from '@vssm/core';
import { create } from 'tar';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ImageDataset } from '../dataset.ts';
import { temporaryFolder, testdata, testJson } from '../test-support/test-data.ts';
import { type ImageNetOptions, openImageNet } from './open.ts';

const jpegs = ['chelsea.jpg', 'coffee_exif_prog.jpg', 'astronaut_small.jpg', 'camera_gray.jpg'].map((name) =>
  readFileSync(testdata(`preprocess/${name}`)),
);

const name = (number: number) => `ILSVRC2012_val_${String(number).padStart(8, '0')}.JPEG`;
const kitLabels = testJson<readonly number[]>('meta-labels.json');
/** Class numbers of images 1 … 4 in the development kit's order, and the labels they stand for. */
const kitNumbers = [3, 999, 3, 500];
const labels = kitNumbers.map((number) => kitLabels[number - 1]);
const meta = readFileSync(testdata('meta.mat'));

const valTxt = labels.map((label, index) => `${name(index + 1)} ${label}\n`).join('');
const truthTxt = kitNumbers.map((number) => `${number}\n`).join('');
const wordNetIds = Array.from({ length: 1000 }, (_, label) => `n${10_000_000 + 37 * label}`);
const synsetWords = wordNetIds.map((id) => `${id} some words\n`).join('');
const flat = Object.fromEntries(jpegs.map((bytes, index) => [name(index + 1), bytes]));

function below(folder: string, files: Readonly<Record<string, Uint8Array>>): Record<string, Uint8Array> {
  return Object.fromEntries(Object.entries(files).map(([path, bytes]) => [`${folder}/${path}`, bytes]));
}

async function opened(dir: string, options?: ImageNetOptions): Promise<ImageDataset> {
  const dataset = await openImageNet(dir, options);
  onTestFinished(() => dataset.close());
  return dataset;
}

async function archiveIn(files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
  const dir = temporaryFolder({ ...below('images', flat), ...files });
  const file = join(dir, 'ILSVRC2012_img_val.tar');
  await create({ cwd: join(dir, 'images'), file }, Object.keys(flat));
  rmSync(join(dir, 'images'), { recursive: true });
  return dir;
}

async function devkitIn(dir: string): Promise<void> {
  const data = 'ILSVRC2012_devkit_t12/data';
  mkdirSync(join(dir, data), { recursive: true });
  writeFileSync(join(dir, data, 'meta.mat'), meta);
  writeFileSync(join(dir, data, 'ILSVRC2012_validation_ground_truth.txt'), truthTxt);
  await create({ cwd: dir, gzip: true, file: join(dir, 'ILSVRC2012_devkit_t12.tar.gz') }, [data]);
  rmSync(join(dir, 'ILSVRC2012_devkit_t12'), { recursive: true });
}

const labelsOf = (dataset: ImageDataset) => dataset.samples.map(({ label }) => label);

describe('openImageNet, class folders', () => {
  const folders = {
    [`n02000000/${name(2)}`]: jpegs[1],
    [`n01000000/${name(3)}`]: jpegs[2],
    [`n01000000/${name(1)}`]: jpegs[0],
  };

  it.each(['val/', ''])('reads them below "%s", classes and samples sorted', async (prefix) => {
    const files = Object.fromEntries(Object.entries(folders).map(([path, bytes]) => [prefix + path, bytes]));
    const dataset = await opened(temporaryFolder(files));
    expect(dataset.classes).toEqual(['n01000000', 'n02000000']);
    expect(dataset.samples).toEqual([
      { index: 0, id: name(1), label: 0 },
      { index: 1, id: name(2), label: 1 },
      { index: 2, id: name(3), label: 0 },
    ]);
    expect(await dataset.load(1)).toHaveLength(3 * 224 * 224);
    expect(dataset.title).toMatch(/^3 images of /);
  });

  it.each(['', 'train/'])('takes any folder names directly in the folder, or in "%s"', async (prefix) => {
    const files = { zebra: jpegs[0], cat: jpegs[1], n01000000: jpegs[2], Dog: jpegs[3] };
    const dir = temporaryFolder(
      Object.fromEntries(Object.entries(files).map(([folder, bytes]) => [`${prefix}${folder}/1.jpg`, bytes])),
    );
    const dataset = await opened(dir, { split: prefix === '' ? 'val' : 'train' });
    expect(dataset.classes).toEqual(['Dog', 'cat', 'n01000000', 'zebra']);
    expect(labelsOf(dataset)).toEqual([0, 1, 2, 3]);
  });

  it('takes the half that is asked for, where both lie there', async () => {
    const dir = temporaryFolder({
      'train/cat/1.jpg': jpegs[0],
      'train/cat/2.jpg': jpegs[1],
      'val/cat/3.jpg': jpegs[2],
    });
    expect((await opened(dir, { split: 'train' })).samples).toHaveLength(2);
    expect((await opened(dir)).samples.map(({ id }) => id)).toEqual(['3.jpg']);
  });

  it.each([
    [undefined, ['0', '1', '10', '100', '2'], 1],
    ['text', ['0', '1', '10', '100', '2'], 0],
    ['number', ['0', '1', '2', '10', '100'], 0],
  ] as const)('numbers as names in order %s', async (classOrder, classes, notes) => {
    const files = ['10', '100', '0', '2', '1'].map((folder) => [`val/${folder}/${folder}.jpg`, jpegs[0]]);
    const dataset = await opened(temporaryFolder(Object.fromEntries(files)), classOrder && { classOrder });
    expect(dataset.classes).toEqual(classes);
    expect(dataset.samples.map(({ id, label }) => classes[label] === id.slice(0, -4))).not.toContain(false);
    expect(dataset.notes).toHaveLength(notes);
    if (notes > 0)
      expect(dataset.notes![0]).toMatch(/all numbers.*"100" is class 3 and "2" is class 4; --class-order/);
  });

  it('says nothing where text and numbers agree', async () => {
    const files = ['00', '01', '10'].map((folder) => [`${folder}/a.jpg`, jpegs[0]]);
    expect((await opened(temporaryFolder(Object.fromEntries(files)))).notes).toEqual([]);
  });

  it('refuses to sort words as numbers', async () => {
    const dir = temporaryFolder({ 'val/1/a.jpg': jpegs[0], 'val/two/a.jpg': jpegs[1] });
    await expect(openImageNet(dir, { classOrder: 'number' })).rejects.toThrow('"two" is no number');
  });

  it('refuses folders of which only some are among the listed ids', async () => {
    const dir = temporaryFolder({
      [`val/${wordNetIds[7]}/${name(1)}`]: jpegs[0],
      'val/cat/1.jpg': jpegs[1],
      'synset_words.txt': synsetWords,
    });
    await expect(openImageNet(dir)).rejects.toThrow('1 class folders are in the list of WordNet ids');
    await expect(openImageNet(dir)).rejects.toThrow('1 are not, first "cat"');
  });

  it('names a class folder with images further down', async () => {
    const dir = temporaryFolder({ 'cat/1.jpg': jpegs[0], 'dog/images/1.jpg': jpegs[1] });
    await expect(openImageNet(dir)).rejects.toThrow(
      `class folder ${join(dir, 'dog')}: has images in its folder "images"; move them up`,
    );
  });

  it('reads folders and files whose names are not UTF-8', async () => {
    const dir = temporaryFolder({ 'dog/1.jpg': jpegs[0] });
    const folder = Buffer.concat([Buffer.from(`${dir}/caf`), Buffer.from([0xe9])]);
    mkdirSync(folder);
    for (const byte of [0xe8, 0xe9]) {
      writeFileSync(
        Buffer.concat([folder, Buffer.from('/'), Buffer.from([byte]), Buffer.from('.jpg')]),
        jpegs[1],
      );
    }
    const dataset = await opened(dir);
    expect(dataset.classes).toEqual(['caf\\xe9', 'dog']);
    expect(dataset.samples.map(({ id }) => id)).toEqual(['1.jpg', '\\xe8.jpg', '\\xe9.jpg']);
    for (const { index } of dataset.samples) expect(await dataset.load(index)).toHaveLength(3 * 224 * 224);
  });

  it('takes any folder names below val/', async () => {
    const dataset = await opened(temporaryFolder({ 'val/dog/1.jpg': jpegs[0], 'val/cat/1.jpg': jpegs[1] }));
    expect(dataset.classes).toEqual(['cat', 'dog']);
    expect(dataset.samples.map(({ id }) => id)).toEqual(['cat/1.jpg', 'dog/1.jpg']);
  });

  it('keeps the labels of the whole for a part of the folders when all ids are listed', async () => {
    const dir = temporaryFolder({
      [`val/${wordNetIds[7]}/${name(1)}`]: jpegs[0],
      [`val/${wordNetIds[900]}/${name(2)}`]: jpegs[1],
      'synset_words.txt': synsetWords,
    });
    const dataset = await opened(dir);
    expect(labelsOf(dataset)).toEqual([7, 900]);
    expect(dataset.classes).toHaveLength(1000);
  });

  it('names an empty class folder', async () => {
    const dir = temporaryFolder(below('val', folders));
    mkdirSync(join(dir, 'val/n03000000'));
    const message = `class folder ${join(dir, 'val/n03000000')}: no images in it`;
    await expect(openImageNet(dir)).rejects.toThrow(message);
  });

  it('refuses folders that were sorted only half', async () => {
    const dir = temporaryFolder({ ...below('val', folders), [`val/${name(4)}`]: jpegs[3] });
    await expect(openImageNet(dir)).rejects.toThrow('1 loose images beside 2 class folders');
  });
});

describe('openImageNet, flat folder', () => {
  it.each([
    ['beside val/', 'val.txt', 'val'],
    ['in meta/', 'meta/val.txt', 'val'],
    ['among the images', 'val/val.txt', 'val'],
    ['among the images, which are named', 'val.txt', '.'],
  ])('reads val.txt %s', async (_, path, images) => {
    const dataset = await opened(temporaryFolder({ ...below(images, flat), [path]: valTxt }));
    expect(labelsOf(dataset)).toEqual(labels);
    expect(dataset.classes[labels[0]]).toBe(String(labels[0]));
  });

  it('reads val.txt with folders before the names and Windows line ends', async () => {
    const text = valTxt.replaceAll('ILSVRC', 'val/ILSVRC').replaceAll('\n', '\r\n');
    const dataset = await opened(temporaryFolder({ ...below('val', flat), 'val.txt': text }));
    expect(labelsOf(dataset)).toEqual(labels);
  });

  it('reads val.txt with backslashes, as Windows writes paths', async () => {
    const text = valTxt.replaceAll('ILSVRC', 'val\\ILSVRC');
    const dataset = await opened(temporaryFolder({ ...below('val', flat), 'val.txt': text }));
    expect(labelsOf(dataset)).toEqual(labels);
  });

  it('reads val.txt as PowerShell writes it, in UTF-16', async () => {
    const text = Buffer.from(`\ufeff${valTxt.replaceAll('\n', '\r\n')}`, 'utf16le');
    const dataset = await opened(temporaryFolder({ ...below('val', flat), 'val.txt': text }));
    expect(labelsOf(dataset)).toEqual(labels);
  });

  it('reads the development kit unpacked, translating its class numbers', async () => {
    const data = { 'ILSVRC2012_validation_ground_truth.txt': Buffer.from(truthTxt), 'meta.mat': meta };
    for (const folder of ['ILSVRC2012_devkit_t12/data', '.']) {
      const dataset = await opened(temporaryFolder({ ...below('val', flat), ...below(folder, data) }));
      expect(labelsOf(dataset)).toEqual(labels);
      expect(dataset.classes).toEqual(wordNetIds);
    }
  });

  it('reads the development kit packed', async () => {
    const dir = temporaryFolder(below('val', flat));
    await devkitIn(dir);
    expect(existsSync(join(dir, 'ILSVRC2012_devkit_t12'))).toBe(false);
    expect(labelsOf(await opened(dir))).toEqual(labels);
  });

  it("reads Kaggle's layout", async () => {
    const rows = labels.map(
      (label, index) => `${name(index + 1).slice(0, -5)},${wordNetIds[label]} 85 1 499 272 \n`,
    );
    const dir = temporaryFolder({
      ...below('ILSVRC/Data/CLS-LOC/val', flat),
      'LOC_val_solution.csv': `ImageId,PredictionString\n${rows.toReversed().join('')}`,
      'LOC_synset_mapping.txt': synsetWords,
    });
    expect(labelsOf(await opened(dir))).toEqual(labels);
  });

  it('says which files would do when there are no labels', async () => {
    const dir = temporaryFolder(below('val', flat));
    await expect(openImageNet(dir)).rejects.toThrow(
      `imagenet folder ${dir}: images without labels; add val.txt, LOC_val_solution.csv or ILSVRC2012_devkit`,
    );
  });

  it('says that meta.mat is missing', async () => {
    const dir = temporaryFolder({
      ...below('val', flat),
      'ILSVRC2012_validation_ground_truth.txt': truthTxt,
    });
    await expect(openImageNet(dir)).rejects.toThrow(`add the kit's meta.mat to ${dir}`);
  });

  it.each([
    ['a label too few', valTxt.split('\n').slice(1).join('\n'), '3 labels for 4 images'],
    ['a label too many', `${valTxt}${name(5)} 1\n`, '5 labels for 4 images'],
    ['another name', valTxt.replace(name(2), name(9)), `no label for ${name(2)}`],
    ['a name twice', `${valTxt}${name(2)} 1\n`, `line 5: ${name(2).slice(0, -5)} was already labelled`],
    ['a label counted from 1', valTxt.replace(/ \d+/, ' 1000'), 'line 1: label 1000 is not in 0 … 999'],
    ['a negative label', valTxt.replace(/ \d+/, ' -1'), 'line 1: label -1 is not in 0 … 999'],
    [
      'a line that is no label',
      valTxt.replace(/ \d+/, ' cat'),
      'line 1: "ILSVRC2012_val_00000001.JPEG cat" is not',
    ],
  ])('refuses val.txt with %s', async (_, text, message) => {
    const dir = temporaryFolder({ ...below('val', flat), 'val.txt': text });
    await expect(openImageNet(dir)).rejects.toThrow(UserError);
    await expect(openImageNet(dir)).rejects.toThrow(message);
  });

  it.each([
    ['too few lines', '1\n2\n', '2 labels for 4 images'],
    ['a number above 1000', '1\n2\n3\n1001\n', 'line 4: "1001" is not a class number from 1 to 1000'],
    ['a word', '1\ncat\n3\n4\n', 'line 2: "cat" is not a class number'],
  ])('refuses a ground-truth file with %s', async (_, text, message) => {
    const files = { 'ILSVRC2012_validation_ground_truth.txt': text, 'meta.mat': meta };
    await expect(openImageNet(temporaryFolder({ ...below('val', flat), ...files }))).rejects.toThrow(message);
  });

  it('refuses a list of WordNet ids that is incomplete', async () => {
    const files = { 'val.txt': valTxt, 'synsets.txt': 'n01440764\n' };
    const dir = temporaryFolder({ ...below('val', flat), ...files });
    await expect(openImageNet(dir)).rejects.toThrow('synsets.txt: expected 1000 sorted WordNet ids');
  });
});

describe('openImageNet, archive', () => {
  it('reads the archive in place', async () => {
    const dir = await archiveIn({ 'val.txt': valTxt });
    for (const path of [dir, join(dir, 'ILSVRC2012_img_val.tar')]) {
      const dataset = await opened(path);
      expect(dataset.samples.map(({ id }) => id)).toEqual([1, 2, 3, 4].map(name));
      expect(labelsOf(dataset)).toEqual(labels);
      const { width, height } = await dataset.preview(3);
      expect([width, height]).toEqual([224, 224]);
    }
  });

  it('reads the development kit beside it', async () => {
    const dir = await archiveIn({});
    await devkitIn(dir);
    expect(labelsOf(await opened(dir))).toEqual(labels);
  });

  it('names an image in it that cannot be decoded', async () => {
    const dir = temporaryFolder({ [`images/${name(1)}`]: 'broken', 'val.txt': `${name(1)} 5\n` });
    const file = join(dir, 'ILSVRC2012_img_val.tar');
    await create({ cwd: join(dir, 'images'), file }, [name(1)]);
    rmSync(join(dir, 'images'), { recursive: true });
    await expect((await opened(dir)).load(0)).rejects.toThrow(`image ${file}:${name(1)}: not a JPEG`);
  });

  it('says that it is compressed', async () => {
    for (const file of ['ILSVRC2012_img_val.tar', 'ILSVRC2012_img_val.tar.gz']) {
      const dir = temporaryFolder({ [file]: gzipSync(Buffer.alloc(2048)), 'val.txt': valTxt });
      await expect(openImageNet(dir)).rejects.toThrow(`archive ${join(dir, file)}: is compressed with gzip`);
      await expect(openImageNet(join(dir, file))).rejects.toThrow('unpack it once, gzip -dc');
    }
  });

  it('refuses labels that do not fit', async () => {
    const dir = await archiveIn({ 'val.txt': `${name(1)} 5\n` });
    await expect(openImageNet(dir)).rejects.toThrow('1 label for 4 images');
  });
});

describe('openImageNet', () => {
  it('gives the same samples, checksum and pixels in every layout', async () => {
    const ids = labels.map((label) => wordNetIds[label]);
    const datasets = await Promise.all([
      opened(temporaryFolder({ ...below('val', flat), 'val.txt': valTxt })),
      archiveIn({ 'val.txt': valTxt }).then((dir) => opened(dir)),
      opened(
        temporaryFolder({
          ...Object.fromEntries(jpegs.map((bytes, index) => [`val/${ids[index]}/${name(index + 1)}`, bytes])),
          'synset_words.txt': synsetWords,
        }),
      ),
    ]);
    const [first, ...others] = datasets;
    for (const other of others) {
      expect(other.samples).toEqual(first.samples);
      expect(other.checksum).toBe(first.checksum);
      expect(await other.load(1)).toEqual(await first.load(1));
    }
  });

  it('takes a recipe and an image size', async () => {
    const dir = temporaryFolder({ ...below('val', flat), 'val.txt': valTxt });
    const dataset = await opened(dir, { recipe: 'fashion-mnist', imageSize: 32 });
    expect([dataset.channels, dataset.height, dataset.width]).toEqual([1, 32, 32]);
    expect(await dataset.load(0)).toHaveLength(32 * 32);
  });

  it('names a folder that is not there', async () => {
    await expect(openImageNet('/nowhere/imagenet')).rejects.toThrow(
      'imagenet folder /nowhere/imagenet: does not exist',
    );
  });

  it('lists the layouts when it knows none', async () => {
    const dir = temporaryFolder({ 'train/n01440764/x.JPEG': 'x' });
    await expect(openImageNet(dir)).rejects.toThrow(
      /no validation images; expected class folders .*flat.*\.tar/,
    );
  });
});
