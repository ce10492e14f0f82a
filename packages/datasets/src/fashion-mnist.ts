/**
 * Fashion-MNIST: grey 28x28 pictures in ten classes. The 10,000 of the test split are embedded in
 * `datasets/fashion-mnist/`, whose data card holds the same checksums; the 60,000 of the training split are read from
 * a folder of the user's.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from '@vssm/core';
import { at, type ImageDataset } from './dataset.ts';
import { type IdxArray, readIdx } from './idx.ts';
import { fromGrey } from './image.ts';
import { normalise } from './normalise.ts';
import { recipes } from './recipe.ts';

/** Where the embedded files lie. */
export const fashionMnistDir = fileURLToPath(new URL('../../../datasets/fashion-mnist', import.meta.url));

/** In the order of their labels. */
export const fashionMnistClasses: readonly string[] = [
  'T-shirt/top',
  'Trouser',
  'Pullover',
  'Dress',
  'Coat',
  'Sandal',
  'Shirt',
  'Sneaker',
  'Bag',
  'Ankle boot',
] as const;

const side = 28;

/** The two files of each split, whose names begin with its prefix; checksums are of the uncompressed contents. */
const splits = {
  test: {
    prefix: 't10k',
    count: 10_000,
    imagesSha256: '5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b',
    labelsSha256: '0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34',
  },
  train: {
    prefix: 'train',
    count: 60_000,
    imagesSha256: 'c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888',
    labelsSha256: 'bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9',
  },
} as const;

export type FashionMnistSplit = keyof typeof splits;

/**
 * Opens a split. Its checksum is the SHA-256 of the uncompressed image file followed by the label file; ids are
 * `t10k-00000` … `t10k-09999` or `train-00000` … `train-59999`, in the order of the files.
 *
 * @param dir folder with the two files, gzipped (`.gz`) or not. Default: the embedded one, which has the test split
 * @throws UserError when a file is missing, damaged, or not the published one
 */
export async function openFashionMnist(
  dir: string = fashionMnistDir,
  split: FashionMnistSplit = 'test',
): Promise<ImageDataset> {
  const { prefix, count, imagesSha256, labelsSha256 } = splits[split];
  const images = readPublished(dir, {
    name: `${prefix}-images-idx3-ubyte`,
    axes: 3,
    length: 16 + count * side * side,
    count,
    sha256: imagesSha256,
  });
  const labels = readPublished(dir, {
    name: `${prefix}-labels-idx1-ubyte`,
    axes: 1,
    length: 8 + count,
    count,
    sha256: labelsSha256,
  });
  const recipe = recipes['fashion-mnist'];
  const samples = Array.from(labels.data, (label, index) => ({
    index,
    id: `${prefix}-${String(index).padStart(5, '0')}`,
    label,
  }));
  const preview = async (index: number) => {
    const start = at(samples, index, 'fashion-mnist').index * side * side;
    return fromGrey(side, side, images.data.subarray(start, start + side * side));
  };
  return {
    name: 'fashion-mnist',
    // Whatever is not the published files has been refused above.
    title: 'Fashion-MNIST',
    split,
    classes: fashionMnistClasses,
    samples,
    checksum: createHash('sha256').update(images.bytes).update(labels.bytes).digest('hex'),
    channels: recipe.channels,
    height: side,
    width: side,
    preview,
    load: async (index) => normalise(await preview(index), recipe),
    close: async () => {},
  };
}

interface PublishedFile {
  readonly name: string;
  readonly axes: number;
  /** Bytes, uncompressed. */
  readonly length: number;
  readonly count: number;
  readonly sha256: string;
}

function readPublished(dir: string, file: PublishedFile): IdxArray {
  const path = [`${file.name}.gz`, file.name].map((name) => join(dir, name)).find((name) => existsSync(name));
  if (path === undefined) {
    throw new UserError(`fashion-mnist folder ${dir}: ${file.name}.gz is missing; put it there`);
  }
  const array = readIdx(path, file.axes, file.length);
  if (array.shape[0] !== file.count) {
    throw new UserError(
      `${path}: ${array.shape[0]} entries, the published file has ${file.count}; fetch it again`,
    );
  }
  const sha256 = createHash('sha256').update(array.bytes).digest('hex');
  if (sha256 !== file.sha256) {
    throw new UserError(
      `${path}: SHA-256 ${sha256} is not the published ${file.sha256}; restore the file from its source`,
    );
  }
  return array;
}
