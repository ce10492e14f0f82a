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
  forEachRow(logits, box, image, (start, row) => probabilities.set(row, start));
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
  forEachRow(logits, box, image, (start, row) => {
    for (let i = 0; i < row.length; i++) if (row[i] >= threshold) mask[start + i] = 1;
  });
  return mask;
}

/** The probabilities of one row of the image, those around the box; the next row overwrites them. */
function forEachRow(
  logits: Numbers,
  box: ArrayLike<number>,
  image: Size,
  visit: (firstPixel: number, probabilities: Float64Array) => void,
): void {
  const side = Math.sqrt(logits.length);
  const window = reach(box, side, image);
  const columns = samples(box[0], box[2], side, window.left, window.right);
  const rows = samples(box[1], box[3], side, window.top, window.bottom);
  const lines = maskLines(logits, side, columns);
  const probabilities = new Float64Array(columns.length);
  for (let i = 0; i < rows.length; i++) {
    const y = rows[i];
    const row = Math.floor(y);
    const [below, above] = [y - row, row + 1 - y];
    const top = lineOf(row, side) * columns.length;
    const bottom = lineOf(row + 1, side) * columns.length;
    for (let j = 0; j < columns.length; j++) {
      probabilities[j] = lines[top + j] * above + lines[bottom + j] * below;
    }
    visit((window.top + i) * image.width + window.left, probabilities);
  }
}

/** The mask's rows as probabilities at places along them, [side + 1, places]; the last row is what lies outside. */
function maskLines(logits: Numbers, side: number, places: Float64Array): Float64Array {
  const values = Float64Array.from(logits, sigmoid);
  const lines = new Float64Array((side + 1) * places.length);
  for (let j = 0; j < places.length; j++) {
    const x = places[j];
    const column = Math.floor(x);
    for (let row = 0; row < side; row++) {
      const left = column < 0 || column >= side ? 0 : values[row * side + column];
      const right = column + 1 < 0 || column + 1 >= side ? 0 : values[row * side + column + 1];
      lines[row * places.length + j] = left * (column + 1 - x) + right * (x - column);
    }
  }
  return lines;
}

function lineOf(row: number, side: number): number {
  return row < 0 || row >= side ? side : row;
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
function samples(low: number, high: number, side: number, first: number, end: number): Float64Array {
  return Float64Array.from({ length: Math.max(end - first, 0) }, (_, i) => {
    const share = (first + i + 0.5 - low) / (high - low);
    return (Number.isFinite(share) ? share : 0.5) * side - 0.5;
  });
}
