/**
 * Pillow's bicubic resampler on 8-bit RGB, bit for bit: a horizontal pass, then a vertical one, each with
 * coefficients in 22-bit fixed point and an 8-bit result. The cubic has a = -0.5, and its support grows with the
 * reduction, which is what antialiases (Pillow, src/libImaging/Resample.c).
 *
 * Of the scaled picture only a window need be computed. Every pixel depends on its own place alone, so the
 * pixels are the same as of a full resize followed by a crop, and a needle of 1 x 100,000 pixels costs no more
 * memory than the window does.
 */
import type { RgbImage } from './image.ts';

/** A rectangle of the scaled picture, in its pixels. */
export interface Window {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** 32 bits less 8 for the pixel and 2 for the sign and the overshoot of the cubic. */
const precisionBits = 32 - 8 - 2;
const half = 1 << (precisionBits - 1);

/** For each output place the first source place and the weights from there on, `taps` apart. */
interface Kernel {
  readonly first: Int32Array;
  readonly count: Int32Array;
  readonly weights: Int32Array;
  readonly taps: number;
}

/**
 * Scales a picture to `width` x `height` and returns the window of it, by default all of it.
 * A pass along an axis whose length does not change is skipped, as Pillow does.
 */
export function resizeBicubic(
  image: RgbImage,
  width: number,
  height: number,
  window: Window = { left: 0, top: 0, width, height },
): RgbImage {
  const across = bicubicKernel(image.width, width, window.left, window.width);
  const down = bicubicKernel(image.height, height, window.top, window.height);
  const lastRow = window.height - 1;
  const top = down.first[0];
  const bottom = down.first[lastRow] + down.count[lastRow];
  const rows = scaleRows(image, across, top, bottom);
  return scaleColumns(rows, down, top);
}

function bicubic(distance: number): number {
  const a = -0.5;
  const x = Math.abs(distance);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

/** The weights of output places `start` … `start + length - 1` when `from` pixels become `to`. */
function bicubicKernel(from: number, to: number, start: number, length: number): Kernel {
  if (from === to) return identityKernel(start, length);
  const scale = from / to;
  const spread = Math.max(scale, 1);
  const support = 2 * spread;
  const taps = Math.min(Math.ceil(support) * 2 + 1, from);
  const first = new Int32Array(length);
  const count = new Int32Array(length);
  const weights = new Int32Array(length * taps);
  const exact = new Float64Array(taps);
  const inverse = 1 / spread;
  for (let place = 0; place < length; place++) {
    const centre = (start + place + 0.5) * scale;
    const low = Math.max(Math.trunc(centre - support + 0.5), 0);
    const high = Math.min(Math.trunc(centre + support + 0.5), from);
    let sum = 0;
    for (let tap = 0; tap < high - low; tap++) {
      exact[tap] = bicubic((tap + low - centre + 0.5) * inverse);
      sum += exact[tap];
    }
    for (let tap = 0; tap < high - low; tap++) {
      const weight = (sum === 0 ? exact[tap] : exact[tap] / sum) * 2 ** precisionBits;
      weights[place * taps + tap] = Math.trunc(weight < 0 ? weight - 0.5 : weight + 0.5);
    }
    first[place] = low;
    count[place] = high - low;
  }
  return { first, count, weights, taps };
}

function identityKernel(start: number, length: number): Kernel {
  const first = Int32Array.from({ length }, (_, place) => start + place);
  const ones = new Int32Array(length).fill(1);
  return { first, count: ones, weights: new Int32Array(length).fill(2 ** precisionBits), taps: 1 };
}

/** The horizontal pass over source rows `top` … `bottom - 1`. */
function scaleRows(image: RgbImage, kernel: Kernel, top: number, bottom: number): RgbImage {
  const { data } = image;
  const { first, count, weights, taps } = kernel;
  const width = first.length;
  const scaled = new Uint8ClampedArray(width * (bottom - top) * 3);
  let to = 0;
  for (let row = top; row < bottom; row++) {
    const rowStart = row * image.width;
    for (let column = 0; column < width; column++) {
      let from = (rowStart + first[column]) * 3;
      let red = half;
      let green = half;
      let blue = half;
      const begin = column * taps;
      const end = begin + count[column];
      for (let tap = begin; tap < end; tap++) {
        const weight = weights[tap];
        red += data[from] * weight;
        green += data[from + 1] * weight;
        blue += data[from + 2] * weight;
        from += 3;
      }
      scaled[to] = red >> precisionBits;
      scaled[to + 1] = green >> precisionBits;
      scaled[to + 2] = blue >> precisionBits;
      to += 3;
    }
  }
  return { width, height: bottom - top, data: new Uint8Array(scaled.buffer) };
}

/** The vertical pass; row 0 of `image` is row `top` of the source that the kernel speaks of. */
function scaleColumns(image: RgbImage, kernel: Kernel, top: number): RgbImage {
  const { data } = image;
  const { first, count, weights, taps } = kernel;
  const height = first.length;
  const stride = image.width * 3;
  const scaled = new Uint8ClampedArray(stride * height);
  const sums = new Int32Array(stride);
  for (let row = 0; row < height; row++) {
    sums.fill(half);
    let from = (first[row] - top) * stride;
    const begin = row * taps;
    const end = begin + count[row];
    for (let tap = begin; tap < end; tap++) {
      const weight = weights[tap];
      for (let at = 0; at < stride; at++) sums[at] += data[from + at] * weight;
      from += stride;
    }
    const to = row * stride;
    for (let at = 0; at < stride; at++) scaled[to + at] = sums[at] >> precisionBits;
  }
  return { width: image.width, height, data: new Uint8Array(scaled.buffer) };
}
