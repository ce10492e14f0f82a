/**
 * Layers on maps as traces. A map is [B, H, W, C]; convolutions are matrix products over windows, BatchNorm goes by the
 * micro-batch's own values, and resizing is a product with a fixed matrix along each side.
 */
import { visionReference } from '@vssm/vision-tasks';
import type { Trace, Value } from './autodiff/trace.ts';

const batchNormEpsilon = 1e-5;

/** Names in the trace of what belongs to a BatchNorm; mean and variance are outputs. */
export interface BatchNormNames {
  readonly scale: string;
  readonly offset: string;
  readonly mean: string;
  readonly variance: string;
}

/** BatchNorm over the rows of [rows, C], and ReLU. Running variances follow the unbiased one, as PyTorch's do. */
export function normedRelu(g: Trace, names: BatchNormNames, x: Value): Value {
  const [rows, channels] = x.shape;
  const mean = g.affine(g.sum(x, [0]), 1 / rows);
  const centred = g.add(x, g.affine(mean, -1));
  const variance = g.affine(g.sum(g.mul(centred, centred), [0]), 1 / rows);
  g.output(names.mean, g.reshape(mean, [channels]));
  g.output(names.variance, g.reshape(g.affine(variance, rows / Math.max(1, rows - 1)), [channels]));
  const scale = g.mul(
    g.power(g.affine(variance, 1, batchNormEpsilon), -0.5),
    g.input(names.scale, [channels]),
  );
  return g.map('relu', g.add(g.mul(centred, scale), g.input(names.offset, [channels])));
}

/** A convolution's weight, upstream's [outputs, inputs, taps], as [outputs, taps · inputs]. */
export function tapsFirst(g: Trace, name: string, outputs: number, inputs: number, taps: number): Value {
  const weight = g.input(name, [outputs, inputs, taps]);
  return g.reshape(g.transpose(weight, [0, 2, 1]), [outputs, taps * inputs]);
}

/** [B, H, W, C] → the 3x3 cells around each, zeros beyond the border, [B · H · W, 9 · C] */
export function neighbourhoods(g: Trace, map: Value): Value {
  const [batch, height, width, channels] = map.shape;
  const padded = padded1(g, padded1(g, map, 1, 1, 1), 2, 1, 1);
  const shifts = [0, 1, 2];
  const taps = shifts.flatMap((down) => {
    const rows = part(g, padded, 1, down, height);
    return shifts.map((right) => part(g, rows, 2, right, width));
  });
  return g.reshape(g.concat(taps, 3), [batch * height * width, 9 * channels]);
}

/** Zeros before and after along an axis. */
export function padded1(g: Trace, x: Value, axis: number, before: number, after: number): Value {
  const zeros = (count: number) =>
    count === 0 ? [] : [g.zeros(x.shape.map((length, i) => (i === axis ? count : length)))];
  if (before + after === 0) return x;
  return g.concat([...zeros(before), x, ...zeros(after)], axis);
}

/** `count` entries along an axis from `first` on. */
export function part(g: Trace, x: Value, axis: number, first: number, count: number): Value {
  const sizes = [first, count, x.shape[axis] - first - count];
  const parts = g.split(
    x,
    axis,
    sizes.filter((size) => size > 0),
  );
  return parts[first > 0 ? 1 : 0];
}

/** Bilinear, PyTorch's interpolate with align_corners=False: [B, H, W, C] → [B, height, width, C] */
export function resized(g: Trace, map: Value, height: number, width: number): Value {
  const [batch, rows, columns, channels] = map.shape;
  if (rows === height && columns === width) return map;
  const down = alongLast(g, g.transpose(map, [0, 2, 3, 1]), linearMatrix(rows, height), height);
  const both = alongLast(g, g.transpose(down, [0, 3, 2, 1]), linearMatrix(columns, width), width);
  // [B, height, C, width] by now.
  return g.transpose(g.reshape(both, [batch, height, channels, width]), [0, 1, 3, 2]);
}

/** x [..., from] → [..., to], each line a product with matrix [to, from]. */
function alongLast(g: Trace, x: Value, matrix: Float32Array, to: number): Value {
  const from = x.shape[x.shape.length - 1];
  const lines = x.shape.slice(0, -1);
  const count = lines.reduce((product, length) => product * length, 1);
  const product = g.gemm(g.reshape(x, [count, from]), g.constant([to, from], matrix), { transB: true });
  return g.reshape(product, [...lines, to]);
}

/** What each of `to` lines takes of each of `from` lines, [to, from]. */
function linearMatrix(from: number, to: number): Float32Array {
  const matrix = new Float32Array(to * from);
  for (const [line, { first, second, weight }] of visionReference.linearTaps(from, to).entries()) {
    matrix[line * from + first] += 1 - weight;
    matrix[line * from + second] += weight;
  }
  return matrix;
}

/**
 * Bins of a map, each a share of every cell: [B, H, W, C] → [B, bins, C]
 *
 * @param shares [cells, bins]
 */
export function pooled(g: Trace, map: Value, shares: Float32Array): Value {
  const [batch, height, width, channels] = map.shape;
  const cells = height * width;
  const bins = shares.length / cells;
  const lines = g.reshape(g.transpose(g.reshape(map, [batch, cells, channels]), [0, 2, 1]), [
    batch * channels,
    cells,
  ]);
  const product = g.gemm(lines, g.constant([cells, bins], shares));
  return g.transpose(g.reshape(product, [batch, channels, bins]), [0, 2, 1]);
}
