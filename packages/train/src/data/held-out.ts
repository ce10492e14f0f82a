/** The training images that a run does not learn from, as a data set of their own: what to choose by. */
import { createHash } from 'node:crypto';
import { counted, UserError } from '@vssm/core';
import { type ImageDataset, sampleHash } from '@vssm/datasets';
import { chosenImages } from './training-images.ts';

/**
 * What `images` of a recipe leaves out of `dataset`, in its order. The data set stays its opener's: closing this closes
 * nothing.
 *
 * @param images as in a recipe; 0: all
 * @throws UserError where nothing is left out
 */
export function heldOutImages(dataset: ImageDataset, images: number): ImageDataset {
  const learned = new Set(chosenImages(dataset, images));
  const places = dataset.samples.map(({ index }) => index).filter((index) => !learned.has(index));
  if (places.length === 0) {
    throw new UserError(
      `--held-out: training on ${images === 0 ? 'all' : images} of ${counted(dataset.samples.length, 'image')} leaves none out; give --images, fewer than there are`,
    );
  }
  const samples = places.map((place, index) => ({ ...dataset.samples[place], index }));
  return {
    name: dataset.name,
    ...(dataset.title !== undefined && { title: dataset.title }),
    split: `${dataset.split}, held out`,
    classes: dataset.classes,
    samples,
    checksum: createHash('sha256')
      .update(dataset.checksum)
      .update(sampleHash(samples.map(({ id }) => id)))
      .digest('hex'),
    channels: dataset.channels,
    height: dataset.height,
    width: dataset.width,
    load: (index) => dataset.load(places[index]),
    preview: (index) => dataset.preview(places[index]),
    close: async () => {},
  };
}
