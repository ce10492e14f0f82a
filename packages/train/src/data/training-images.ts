/**
 * The images of a training run: which ones, in which order, and as which of their variants. Everything follows from
 * the recipe's seed, the epoch and the image, so a run that is resumed sees what it would have seen.
 */
import { splitmix64, uniformNumbers } from '@vssm/core';
import {
  type ImageDataset,
  type Normalisation,
  normalise,
  type RgbImage,
  stratifiedSample,
} from '@vssm/datasets';
import type { TrainableSpec } from '@vssm/families';
import type { Recipe } from '../recipe/recipe.ts';
import { trainingInput } from '../table.ts';

/** Indices into the data set's samples: all, or so many, the same ones whatever the seed. */
export function chosenImages(dataset: ImageDataset, images: number): readonly number[] {
  return stratifiedSample(dataset, images === 0 ? dataset.samples.length : images, 0);
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

/** One image as the engine reads it, augmented. */
export async function trainingPatches(
  spec: TrainableSpec,
  dataset: ImageDataset,
  normalisation: Normalisation,
  recipe: Recipe,
  epoch: number,
  index: number,
): Promise<Float32Array> {
  const picture = await dataset.preview(index);
  return trainingInput(spec, normalise(augmented(picture, recipe, epoch, index), normalisation));
}

/** Mirrored and moved as the recipe allows. */
export function augmented(
  picture: RgbImage,
  { flip, shift, seed }: Pick<Recipe, 'flip' | 'shift' | 'seed'>,
  epoch: number,
  index: number,
): RgbImage {
  const uniform = uniformNumbers(seedOf(seed, epoch, index));
  const mirror = flip && uniform() < 0.5;
  const offset = () => Math.floor(uniform() * (2 * shift + 1)) - shift;
  const [right, down] = [offset(), offset()];
  if (!mirror && right === 0 && down === 0) return picture;
  const { width, height, data } = picture;
  const moved = new Uint8Array(data.length);
  for (let row = 0; row < height; row++) {
    const fromRow = row - down;
    if (fromRow < 0 || fromRow >= height) continue;
    for (let column = 0; column < width; column++) {
      const shifted = column - right;
      if (shifted < 0 || shifted >= width) continue;
      const from = (fromRow * width + (mirror ? width - 1 - shifted : shifted)) * 3;
      moved.set(data.subarray(from, from + 3), (row * width + column) * 3);
    }
  }
  return { width, height, data: moved };
}

function seedOf(seed: number, epoch: number, index: number): number {
  const stream = splitmix64(splitmix64(splitmix64(BigInt(seed)) ^ BigInt(epoch)) ^ BigInt(index + 1));
  return Number(stream & 0xffffffffn);
}
