/** Augmentation: pictures, and what is known of their pixels, mirrored and moved alike. */
import { uniformNumbers } from '@vssm/core';
import type { Recipe } from '../recipe/recipe.ts';
import { seedOf } from './training-images.ts';

export interface Move {
  readonly mirrored: boolean;
  /** Pixels. */
  readonly right: number;
  readonly down: number;
}

/** What the recipe's seed gives an image in an epoch. */
export function moveOf(
  { flip, shift, seed }: Pick<Recipe, 'flip' | 'shift' | 'seed'>,
  epoch: number,
  index: number,
): Move {
  const uniform = uniformNumbers(seedOf(seed, epoch, index));
  const mirrored = flip && uniform() < 0.5;
  const offset = () => Math.floor(uniform() * (2 * shift + 1)) - shift;
  return { mirrored, right: offset(), down: offset() };
}

/** Bytes of pixels, the same number each; zeros come in from beyond the border. */
interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** Itself where nothing moves. */
export function moved(picture: Picture, { mirrored, right, down }: Move): Picture {
  if (!mirrored && right === 0 && down === 0) return picture;
  const { width, height, data } = picture;
  const bytes = data.length / (width * height);
  const result = new Uint8Array(data.length);
  for (let row = 0; row < height; row++) {
    const fromRow = row - down;
    if (fromRow < 0 || fromRow >= height) continue;
    for (let column = 0; column < width; column++) {
      const shifted = column - right;
      if (shifted < 0 || shifted >= width) continue;
      const from = (fromRow * width + (mirrored ? width - 1 - shifted : shifted)) * bytes;
      result.set(data.subarray(from, from + bytes), (row * width + column) * bytes);
    }
  }
  return { width, height, data: result };
}
