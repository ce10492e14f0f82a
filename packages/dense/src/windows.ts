/**
 * Sliding windows (mmseg's slide_inference) and label maps. The logits of the windows are resized to the windows'
 * size, averaged where they overlap, resized to the original image, and the best class wins. All of that happens row
 * by row, so that no map of all classes at full size is ever held.
 */
import { denseReference, type SegmentationTest } from '@vssm/core';
import type { NumberMap, Size } from './maps.ts';

const { linearTaps } = denseReference;

/** A part of the network's input, pixels; `bottom` and `right` are exclusive. */
export interface Window {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

/** Windows in visiting order, row by row. The last ones are shifted back into the image, never padded. */
export function windowsOf(test: SegmentationTest, { height, width }: Size): readonly Window[] {
  if (test.mode === 'whole') return [{ top: 0, left: 0, bottom: height, right: width }];
  const { crop, stride } = test;
  const starts = (size: number) =>
    Array.from({ length: Math.floor(Math.max(size - crop + stride - 1, 0) / stride) + 1 }, (_, i) => {
      const end = Math.min(i * stride + crop, size);
      return [Math.max(end - crop, 0), end];
    });
  return starts(height).flatMap(([top, bottom]) =>
    starts(width).map(([left, right]) => ({ top, left, bottom, right })),
  );
}

/** The pixels of a window. */
export function cutWindow(image: NumberMap, { top, left, bottom, right }: Window): NumberMap {
  const [height, width] = [bottom - top, right - left];
  const values = new (image.values.constructor as Float32ArrayConstructor)(image.channels * height * width);
  for (let c = 0; c < image.channels; c++) {
    for (let row = 0; row < height; row++) {
      const from = (c * image.height + top + row) * image.width + left;
      values.set(image.values.subarray(from, from + width), (c * height + row) * width);
    }
  }
  return { channels: image.channels, height, width, values };
}

/** The logits of one window, at whatever size the head gives them. */
export interface WindowLogits {
  readonly window: Window;
  readonly logits: NumberMap;
}

/** Averaged logits of one row of the network's input, [classes, width]. */
export type LogitRow = (row: number) => Float64Array;

/** The two source columns of each target column and the share of the second, one array each. */
interface Columns {
  readonly first: Int32Array;
  readonly second: Int32Array;
  readonly weight: Float64Array;
}

function columnTaps(from: number, to: number): Columns {
  const taps = linearTaps(from, to);
  return {
    first: Int32Array.from(taps, ({ first }) => first),
    second: Int32Array.from(taps, ({ second }) => second),
    weight: Float64Array.from(taps, ({ weight }) => weight),
  };
}

export function averagedRows(parts: readonly WindowLogits[], input: Size): LogitRow {
  const classes = parts[0].logits.channels;
  const prepared = parts.map(({ window, logits }) => ({
    window,
    logits,
    rows: linearTaps(logits.height, window.bottom - window.top),
    columns: columnTaps(logits.width, window.right - window.left),
    blended: new Float64Array(logits.width),
  }));
  return (row) => {
    const sums = new Float64Array(classes * input.width);
    const shares = new Float64Array(input.width);
    for (const { window, logits, rows, columns, blended } of prepared) {
      if (row < window.top || row >= window.bottom) continue;
      for (let column = window.left; column < window.right; column++) shares[column]++;
      const y = rows[row - window.top];
      const { width, values } = logits;
      const { first, second, weight } = columns;
      for (let c = 0; c < classes; c++) {
        const above = (c * logits.height + y.first) * width;
        const below = (c * logits.height + y.second) * width;
        for (let x = 0; x < width; x++) {
          blended[x] = values[above + x] * (1 - y.weight) + values[below + x] * y.weight;
        }
        const start = c * input.width + window.left;
        for (let x = 0; x < weight.length; x++) {
          sums[start + x] += blended[first[x]] * (1 - weight[x]) + blended[second[x]] * weight[x];
        }
      }
    }
    if (shares.some((count) => count > 1)) {
      for (let i = 0; i < sums.length; i++) sums[i] /= shares[i % input.width];
    }
    return sums;
  };
}

/**
 * The class of every pixel of the original image, [height, width]; the lowest class wins among equals. Upstream
 * takes a softmax first, which does not change the order.
 */
export function labelMap(parts: readonly WindowLogits[], input: Size, original: Size): Uint16Array {
  const classes = parts[0].logits.channels;
  const row = lastTwo(averagedRows(parts, input));
  const rows = linearTaps(input.height, original.height);
  const columns = columnTaps(input.width, original.width);
  const labels = new Uint16Array(original.height * original.width);
  const blended = new Float64Array(input.width);
  const highest = new Float64Array(original.width);
  for (const [y, { first, second, weight }] of rows.entries()) {
    const [above, below] = [row(first), row(second)];
    const own = labels.subarray(y * original.width, (y + 1) * original.width);
    highest.fill(-Infinity);
    for (let c = 0; c < classes; c++) {
      const start = c * input.width;
      for (let x = 0; x < input.width; x++) {
        blended[x] = above[start + x] * (1 - weight) + below[start + x] * weight;
      }
      keepHighest(blended, columns, c, highest, own);
    }
  }
  return labels;
}

/** Where a row of class `c`, resized to the original's columns, is above the highest so far. */
function keepHighest(
  logits: Float64Array,
  { first, second, weight }: Columns,
  c: number,
  highest: Float64Array,
  labels: Uint16Array,
): void {
  for (let x = 0; x < highest.length; x++) {
    const logit = logits[first[x]] * (1 - weight[x]) + logits[second[x]] * weight[x];
    if (logit > highest[x]) {
      highest[x] = logit;
      labels[x] = c;
    }
  }
}

/** Rows are asked for in rising order, two at a time: the two last ones are kept. */
function lastTwo(row: LogitRow): LogitRow {
  let kept: [number, Float64Array][] = [];
  return (index) => {
    const known = kept.find(([at]) => at === index);
    if (known !== undefined) return known[1];
    const values = row(index);
    kept = [...kept.slice(-1), [index, values]];
    return values;
  };
}
