/** Changing the size of feature maps, as PyTorch does with align_corners=False. */
import type { FeatureMap } from '@vssm/core/reference';

/** Bilinear: output i reads at max((i + 0.5)·in/out - 0.5, 0), the last line repeated. */
export function bilinear(x: FeatureMap, height: number, width: number): FeatureMap {
  const rows = linearTaps(x.height, height);
  const columns = linearTaps(x.width, width);
  const values = new Float64Array(x.channels * height * width);
  let at = 0;
  for (let c = 0; c < x.channels; c++) {
    const plane = c * x.height * x.width;
    for (const y of rows) {
      const above = plane + y.first * x.width;
      const below = plane + y.second * x.width;
      for (const { first, second, weight } of columns) {
        const top = x.values[above + first] * (1 - weight) + x.values[above + second] * weight;
        const bottom = x.values[below + first] * (1 - weight) + x.values[below + second] * weight;
        values[at++] = top * (1 - y.weight) + bottom * y.weight;
      }
    }
  }
  return { channels: x.channels, height, width, values };
}

/** The two source lines of each target line, and the share of the second. */
export function linearTaps(
  from: number,
  to: number,
): readonly { readonly first: number; readonly second: number; readonly weight: number }[] {
  return Array.from({ length: to }, (_, target) => {
    const source = Math.max(((target + 0.5) * from) / to - 0.5, 0);
    const first = Math.min(Math.floor(source), from - 1);
    return { first, second: Math.min(first + 1, from - 1), weight: source - first };
  });
}

/** Nearest: output i reads line floor(i·in/out). */
export function nearest(x: FeatureMap, height: number, width: number): FeatureMap {
  return gather(x, height, width, (row, column) => [
    Math.floor((row * x.height) / height),
    Math.floor((column * x.width) / width),
  ]);
}

/** Every second line from the first: a max pool of kernel 1 and stride 2. */
export function everySecond(x: FeatureMap): FeatureMap {
  return gather(x, Math.ceil(x.height / 2), Math.ceil(x.width / 2), (row, column) => [2 * row, 2 * column]);
}

function gather(
  x: FeatureMap,
  height: number,
  width: number,
  source: (row: number, column: number) => [row: number, column: number],
): FeatureMap {
  const area = height * width;
  const values = Float64Array.from({ length: x.channels * area }, (_, i) => {
    const [row, column] = source(Math.floor((i % area) / width), i % width);
    return x.values[(Math.floor(i / area) * x.height + row) * x.width + column];
  });
  return { channels: x.channels, height, width, values };
}

/** Square windows; what lies outside the map does not take part. */
export function maxPool(x: FeatureMap, kernel: number, stride: number, padding: number): FeatureMap {
  const size = (input: number) => Math.floor((input + 2 * padding - kernel) / stride) + 1;
  const start = (i: number) => i * stride - padding;
  return reduceWindows(
    x,
    Array.from({ length: size(x.height) }, (_, i) => [start(i), start(i) + kernel]),
    Array.from({ length: size(x.width) }, (_, i) => [start(i), start(i) + kernel]),
    Math.max,
    -Infinity,
    (largest) => largest,
  );
}

/** Average over the bins floor(i·in/out) … ceil((i + 1)·in/out), which overlap where out does not divide in. */
export function adaptiveAveragePool(x: FeatureMap, side: number): FeatureMap {
  const bins = (input: number) =>
    Array.from({ length: side }, (_, i): [number, number] => [
      Math.floor((i * input) / side),
      Math.ceil(((i + 1) * input) / side),
    ]);
  return reduceWindows(
    x,
    bins(x.height),
    bins(x.width),
    (sum, value) => sum + value,
    0,
    (sum, count) => sum / count,
  );
}

function reduceWindows(
  x: FeatureMap,
  rows: readonly (readonly number[])[],
  columns: readonly (readonly number[])[],
  combine: (a: number, b: number) => number,
  start: number,
  finish: (value: number, count: number) => number,
): FeatureMap {
  const values = new Float64Array(x.channels * rows.length * columns.length);
  let at = 0;
  for (let c = 0; c < x.channels; c++) {
    for (const [top, bottom] of rows) {
      for (const [left, right] of columns) {
        let value = start;
        let count = 0;
        for (let y = Math.max(top, 0); y < Math.min(bottom, x.height); y++) {
          for (let column = Math.max(left, 0); column < Math.min(right, x.width); column++) {
            value = combine(value, x.values[(c * x.height + y) * x.width + column]);
            count++;
          }
        }
        values[at++] = finish(value, count);
      }
    }
  }
  return { channels: x.channels, height: rows.length, width: columns.length, values };
}
