/** Pasting a small mask into the image: where its box stands in the original, pixel by pixel. */
import { type Numbers, type Size, sigmoid } from './maps.ts';

/** The part of an image that a box covers, and a little around it. */
interface Window {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/**
 * The probability of every pixel, [height, width]: the mask's probabilities sampled bilinearly at the pixel's place
 * in the box, zero outside.
 *
 * @param logits [side, side], of the detection's class
 * @param box x1, y1, x2, y2, pixels of the image
 */
export function pasteProbabilities(logits: Numbers, box: ArrayLike<number>, image: Size): Float64Array {
  const probabilities = new Float64Array(image.height * image.width);
  forEachPixel(logits, box, image, (pixel, probability) => {
    probabilities[pixel] = probability;
  });
  return probabilities;
}

/** 1 where the pasted probability reaches the threshold, [height, width]. */
export function pasteMask(
  logits: Numbers,
  box: ArrayLike<number>,
  image: Size,
  threshold: number,
): Uint8Array {
  const mask = new Uint8Array(image.height * image.width);
  forEachPixel(logits, box, image, (pixel, probability) => {
    if (probability >= threshold) mask[pixel] = 1;
  });
  return mask;
}

function forEachPixel(
  logits: Numbers,
  box: ArrayLike<number>,
  image: Size,
  visit: (pixel: number, probability: number) => void,
): void {
  const side = Math.sqrt(logits.length);
  const values = Float64Array.from(logits, sigmoid);
  const window = reach(box, side, image);
  const columns = samples(box[0], box[2], side, window.left, window.right);
  const rows = samples(box[1], box[3], side, window.top, window.bottom);
  const at = (row: number, column: number) =>
    row < 0 || row >= side || column < 0 || column >= side ? 0 : values[row * side + column];
  for (const [i, y] of rows.entries()) {
    const row = Math.floor(y);
    for (const [j, x] of columns.entries()) {
      const column = Math.floor(x);
      const top = at(row, column) * (column + 1 - x) + at(row, column + 1) * (x - column);
      const bottom = at(row + 1, column) * (column + 1 - x) + at(row + 1, column + 1) * (x - column);
      const pixel = (window.top + i) * image.width + window.left + j;
      visit(pixel, top * (row + 1 - y) + bottom * (y - row));
    }
  }
}

/** Beyond one mask cell around the box every sample is zero. A box without extent reaches everywhere. */
function reach(box: ArrayLike<number>, side: number, image: Size): Window {
  const range = (low: number, high: number, size: number): [number, number] => {
    if (!(high > low)) return [0, size];
    const cell = (high - low) / side;
    return [Math.max(Math.floor(low - cell - 1), 0), Math.min(Math.ceil(high + cell + 1), size)];
  };
  const [left, right] = range(box[0], box[2], image.width);
  const [top, bottom] = range(box[1], box[3], image.height);
  return { top, bottom, left, right };
}

/**
 * Places in the mask of the pixels first … end - 1. Where a box has no extent, upstream takes the mask's middle
 * instead of infinity.
 */
function samples(low: number, high: number, side: number, first: number, end: number): number[] {
  return Array.from({ length: Math.max(end - first, 0) }, (_, i) => {
    const share = (first + i + 0.5 - low) / (high - low);
    return (Number.isFinite(share) ? share : 0.5) * side - 0.5;
  });
}
