/**
 * OpenCV's bilinear resize (`INTER_LINEAR`) of 8-bit RGB, bit for bit: no antialiasing, weights in 11-bit fixed
 * point, a horizontal pass kept at full precision, then a vertical one whose products lose 4 bits before and 16
 * after (opencv, modules/imgproc/src/resize.cpp, `HResizeLinear` and `VResizeLinear`).
 */
import type { RgbImage } from './image.ts';

const weightBits = 11;
const one = 1 << weightBits;

/** For each output place, the two source places it lies between and their weights. */
interface Taps {
  readonly low: Int32Array;
  readonly high: Int32Array;
  readonly lowWeight: Int32Array;
  readonly highWeight: Int32Array;
}

/** Scales a picture to `width` x `height`, each at least 1. */
export function resizeLinear(image: RgbImage, width: number, height: number): RgbImage {
  if (width === image.width && height === image.height) return image;
  const across = taps(image.width, width);
  const down = taps(image.height, height);
  const stride = width * 3;
  const data = new Uint8Array(stride * height);
  // Output rows that follow each other mostly share their source rows: two scaled rows are kept.
  const rows = [new Int32Array(stride), new Int32Array(stride)];
  const held = [-1, -1];
  const scaledRow = (row: number): Int32Array => {
    const slot = row % 2;
    if (held[slot] !== row) {
      scaleRow(image, row, across, rows[slot]);
      held[slot] = row;
    }
    return rows[slot];
  };
  for (let row = 0, to = 0; row < height; row++) {
    const above = scaledRow(down.low[row]);
    const below = scaledRow(down.high[row]);
    const aboveWeight = down.lowWeight[row];
    const belowWeight = down.highWeight[row];
    for (let at = 0; at < stride; at++, to++) {
      const sum = ((aboveWeight * (above[at] >> 4)) >> 16) + ((belowWeight * (below[at] >> 4)) >> 16);
      data[to] = (sum + 2) >> 2;
    }
  }
  return { width, height, data };
}

function scaleRow(image: RgbImage, row: number, across: Taps, scaled: Int32Array): void {
  const { data } = image;
  const { low, high, lowWeight, highWeight } = across;
  const start = row * image.width * 3;
  for (let place = 0, to = 0; place < low.length; place++, to += 3) {
    const left = start + low[place] * 3;
    const right = start + high[place] * 3;
    const leftWeight = lowWeight[place];
    const rightWeight = highWeight[place];
    scaled[to] = data[left] * leftWeight + data[right] * rightWeight;
    scaled[to + 1] = data[left + 1] * leftWeight + data[right + 1] * rightWeight;
    scaled[to + 2] = data[left + 2] * leftWeight + data[right + 2] * rightWeight;
  }
}

/** Places are computed in double precision and kept in single, as OpenCV does. */
function taps(from: number, to: number): Taps {
  const { fround } = Math;
  const scale = 1 / (to / from);
  const low = new Int32Array(to);
  const high = new Int32Array(to);
  const lowWeight = new Int32Array(to);
  const highWeight = new Int32Array(to);
  for (let place = 0; place < to; place++) {
    const exact = fround((place + 0.5) * scale - 0.5);
    const below = Math.floor(exact);
    const share = fround(exact - below);
    low[place] = Math.min(Math.max(below, 0), from - 1);
    high[place] = Math.min(Math.max(below + 1, 0), from - 1);
    lowWeight[place] = halfToEven(fround(1 - share) * one);
    highWeight[place] = halfToEven(share * one);
  }
  return { low, high, lowWeight, highWeight };
}

function halfToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}
