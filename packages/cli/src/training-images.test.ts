import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodePng } from '@vssm/datasets';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { datasetNamed } from './dataset-named.ts';
import { classCount, openTrainingImages } from './training-images.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'vssm-training-images-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const picture = await encodePng({ width: 9, height: 7, data: new Uint8Array(9 * 7 * 3).fill(99) });

function put(...paths: readonly string[]): void {
  for (const path of paths) {
    mkdirSync(join(dir, path, '..'), { recursive: true });
    writeFileSync(join(dir, path), picture);
  }
}

const open = (more: object = {}) => openTrainingImages({ data: dir, ...more }, 'vim-imagenet', 16);

describe('datasetNamed', () => {
  it('goes by what lies in the folder, unless it is told', () => {
    put('cat/1.png');
    expect(datasetNamed({})).toBe('fashion-mnist');
    expect(datasetNamed({ data: join(dir, 'some.tar') })).toBe('imagenet');
    expect(datasetNamed({ data: dir })).toBe('imagenet');
    put('train-images-idx3-ubyte.gz');
    expect(datasetNamed({ data: dir })).toBe('fashion-mnist');
    expect(datasetNamed({ data: dir, dataset: 'imagenet' })).toBe('imagenet');
    expect(() => datasetNamed({ data: dir, dataset: 'cifar' })).toThrow(
      'expected one of fashion-mnist, imagenet',
    );
  });
});

describe('openTrainingImages', () => {
  it('reads class folders at the size asked for, without test images where there are none', async () => {
    put('zebra/1.png', 'cat/1.png', 'cat/2.png');
    const { training, test } = await open();
    expect(training).toMatchObject({
      classes: ['cat', 'zebra'],
      channels: 3,
      height: 16,
      width: 16,
      split: 'train',
    });
    expect(training.samples.map(({ id, label }) => [id, label])).toEqual([
      ['cat/1.png', 0],
      ['cat/2.png', 0],
      ['zebra/1.png', 1],
    ]);
    expect(test).toBeUndefined();
  });

  it('takes train/ to learn from and val/ to measure on', async () => {
    put(
      'train/cat/1.png',
      'train/dog/2.png',
      'val/cat/3.png',
      'val/dog/4.png',
      'more/cat/5.png',
      'more/dog/6.png',
    );
    const { training, test } = await open();
    expect(training.samples.map(({ id }) => id)).toEqual(['1.png', '2.png']);
    expect(test?.samples.map(({ id }) => id)).toEqual(['3.png', '4.png']);
    const other = await open({ test: join(dir, 'more') });
    expect(other.test?.samples.map(({ id }) => id)).toEqual(['5.png', '6.png']);
  });

  it('refuses test images of other classes, which would be numbered otherwise', async () => {
    put('train/cat/1.png', 'train/dog/2.png', 'val/dog/4.png');
    await expect(open()).rejects.toThrow('class "cat" of the training images is not among them');
    put('val/cat/1.png', 'val/emu/1.png');
    await expect(open()).rejects.toThrow('class "emu" is not among the training images');
  });

  it('says where it looked', async () => {
    put('val/cat/1.png');
    await expect(open()).rejects.toThrow(
      `folder ${dir}: no training images; expected class folders in it or in train/`,
    );
  });
});

describe('classCount', () => {
  it("is the data's, or more if asked, and never less", async () => {
    put('cat/1.png', 'dog/1.png');
    const { training } = await open();
    expect([classCount(undefined, training), classCount(2, training), classCount(9, training)]).toEqual([
      2, 2, 9,
    ]);
    expect(() => classCount(1, training)).toThrow('--num-classes 1: data set imagenet has 2 classes');
  });
});
