/**
 * Fashion-MNIST's test split: 10,000 grey 28x28 pictures in ten classes, embedded in `datasets/fashion-mnist/`,
 * whose data card holds the same checksums.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from '@vssm/core';
import { at, type ImageDataset } from './dataset.ts';
import { type IdxArray, readIdx } from './idx.ts';
import { fromGrey } from './image.ts';
import { normalise, recipes } from './recipe.ts';

/** Where the embedded files lie. */
export const fashionMnistDir = fileURLToPath(new URL('../../../datasets/fashion-mnist', import.meta.url));

const classes = [
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
const count = 10_000;

/** The two files of the test split; checksums are of the uncompressed contents. */
const files = {
  images: {
    name: 't10k-images-idx3-ubyte',
    axes: 3,
    length: 16 + count * side * side,
    sha256: '5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b',
  },
  labels: {
    name: 't10k-labels-idx1-ubyte',
    axes: 1,
    length: 8 + count,
    sha256: '0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34',
  },
} as const;

/**
 * Opens the test split. Its checksum is the SHA-256 of the uncompressed image file followed by the label file;
 * ids are `t10k-00000` … `t10k-09999`, in the order of the files.
 *
 * @param dir folder with the two files, gzipped (`.gz`) or not. Default: the embedded one
 * @throws UserError when a file is missing, damaged, or not the published one
 */
export async function openFashionMnist(dir: string = fashionMnistDir): Promise<ImageDataset> {
  const images = readPublished(dir, files.images);
  const labels = readPublished(dir, files.labels);
  const recipe = recipes['fashion-mnist'];
  const samples = Array.from(labels.data, (label, index) => ({
    index,
    id: `t10k-${String(index).padStart(5, '0')}`,
    label,
  }));
  const preview = async (index: number) => {
    const start = at(samples, index, 'fashion-mnist').index * side * side;
    return fromGrey(side, side, images.data.subarray(start, start + side * side));
  };
  return {
    name: 'fashion-mnist',
    split: 'test',
    classes,
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

type PublishedFile = (typeof files)[keyof typeof files];

function readPublished(dir: string, file: PublishedFile): IdxArray {
  const path = [`${file.name}.gz`, file.name].map((name) => join(dir, name)).find((name) => existsSync(name));
  if (path === undefined) {
    throw new UserError(`fashion-mnist folder ${dir}: ${file.name}.gz is missing; put it there`);
  }
  const array = readIdx(path, file.axes, file.length);
  if (array.shape[0] !== count) {
    throw new UserError(`${path}: ${array.shape[0]} entries, the test split has ${count}; fetch it again`);
  }
  const sha256 = createHash('sha256').update(array.bytes).digest('hex');
  if (sha256 !== file.sha256) {
    throw new UserError(
      `${path}: SHA-256 ${sha256} is not the published ${file.sha256}; restore the file from its source`,
    );
  }
  return array;
}
