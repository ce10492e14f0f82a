/**
 * The images of a training run: which ones, and in which order. Everything follows from the recipe's seed, the epoch and
 * the image, so a run that is resumed sees what it would have seen.
 */
import { splitmix64, uniformNumbers } from '@vssm/core';
import { type ImageDataset, stratifiedSample } from '@vssm/datasets';

/** Indices into the data set's samples: all, or so many, the same ones whatever the seed. */
export function chosenImages(dataset: ImageDataset, images: number): readonly number[] {
  return stratifiedSample(dataset, images === 0 ? dataset.samples.length : images, 0);
}

/** The same of images that have no class: the first of an order that depends on nothing else. */
export function chosenScenes(count: number, images: number): readonly number[] {
  const all = Array.from({ length: count }, (_, index) => index);
  if (images === 0 || images >= count) return all;
  return epochOrder(all, 0, 0)
    .slice(0, images)
    .sort((a, b) => a - b);
}

/** The images of one epoch in their order. */
export function epochOrder(chosen: readonly number[], seed: number, epoch: number): number[] {
  const order = [...chosen];
  const uniform = uniformNumbers(seedOf(seed, epoch, -1));
  // Fisher and Yates.
  for (let i = order.length - 1; i > 0; i--) {
    const other = Math.floor(uniform() * (i + 1));
    [order[i], order[other]] = [order[other], order[i]];
  }
  return order;
}

/** Of one image in one epoch; image -1: of the order. */
export function seedOf(seed: number, epoch: number, index: number): number {
  const stream = splitmix64(splitmix64(splitmix64(BigInt(seed)) ^ BigInt(epoch)) ^ BigInt(index + 1));
  return Number(stream & 0xffffffffn);
}
