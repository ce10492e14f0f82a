/** PlainMamba's stem as a trace: convolutions as matrix products over windows, BatchNorm by the micro-batch's own values. */
import { type PlainMambaSpec, plainMambaGrid, stemSize } from '@vssm/families';
import type { Trace, Value } from '../autodiff/trace.ts';
import { windowSizeOf } from './windows.ts';

const batchNormEpsilon = 1e-5;

/** Names in the trace of a convolution of the stem, 0 its first, and of what belongs to it. */
export function stemNames(conv: number) {
  const own = (part: string) => `stem${conv}_${part}`;
  return {
    weight: own('weight'),
    scale: own('scale'),
    offset: own('offset'),
    mean: own('mean'),
    variance: own('variance'),
  };
}

/** patches, weights → [B · cells, d]; the statistics become outputs. */
export function stem(g: Trace, spec: PlainMambaSpec, batch: number): Value {
  const { stemWidth: S, width: d } = spec;
  const { height, width } = stemSize(spec);
  const rows = batch * height * width;
  const patches = g.input('patches', [rows, windowSizeOf(spec)]);
  const weight = g.input(stemNames(0).weight, [S, windowSizeOf(spec)]);
  let map = normed(g, 0, g.gemm(patches, weight, { transB: true }));
  for (let conv = 1; conv <= spec.stemConvs; conv++) {
    const windows = neighbourhoods(g, g.reshape(map, [batch, height, width, S]));
    map = normed(g, conv, g.gemm(windows, tapsFirst(g, stemNames(conv).weight, S, S, 9), { transB: true }));
  }
  const side = spec.patchSize / 2;
  const cells = cellsOf(g, spec, g.reshape(map, [batch, height, width, S]));
  const projection = tapsFirst(g, 'projection_weight', d, S, side * side);
  return g.add(g.gemm(cells, projection, { transB: true }), g.input('projection_bias', [d]));
}

/** BatchNorm over the rows, and ReLU. Running variances follow the unbiased one, as PyTorch's do. */
function normed(g: Trace, conv: number, x: Value): Value {
  const [rows, channels] = x.shape;
  const names = stemNames(conv);
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
function tapsFirst(g: Trace, name: string, outputs: number, inputs: number, taps: number): Value {
  const weight = g.input(name, [outputs, inputs, taps]);
  return g.reshape(g.transpose(weight, [0, 2, 1]), [outputs, taps * inputs]);
}

/** [B, H, W, C] → the 3x3 cells around each, zeros beyond the border, [B · H · W, 9 · C] */
function neighbourhoods(g: Trace, map: Value): Value {
  const [batch, height, width, channels] = map.shape;
  const padded = padded1(g, padded1(g, map, 1, 1, 1), 2, 1, 1);
  const shifts = [0, 1, 2];
  const taps = shifts.flatMap((down) => {
    const rows = part(g, padded, 1, down, height);
    return shifts.map((right) => part(g, rows, 2, right, width));
  });
  return g.reshape(g.concat(taps, 3), [batch * height * width, 9 * channels]);
}

/** [B, H, W, C] → what the projection sees of each grid cell, zeros below and to the right, [B · cells, k · k · C] */
function cellsOf(g: Trace, spec: PlainMambaSpec, map: Value): Value {
  const side = spec.patchSize / 2;
  const [batch, height, width, channels] = map.shape;
  const grid = plainMambaGrid(spec);
  const whole = padded1(
    g,
    padded1(g, map, 1, 0, grid.height * side - height),
    2,
    0,
    grid.width * side - width,
  );
  const rows = batch * grid.height * grid.width;
  if (side === 1) return g.reshape(whole, [rows, channels]);
  const apart = g.reshape(whole, [batch, grid.height, side, grid.width, side, channels]);
  const offsets = Array.from({ length: side }, (_, offset) => offset);
  const taps = offsets.flatMap((down) => {
    const line = part(g, apart, 2, down, 1);
    return offsets.map((right) => part(g, line, 4, right, 1));
  });
  return g.reshape(g.concat(taps, 5), [rows, side * side * channels]);
}

/** Zeros before and after along an axis. */
function padded1(g: Trace, x: Value, axis: number, before: number, after: number): Value {
  const zeros = (count: number) =>
    count === 0 ? [] : [g.zeros(x.shape.map((length, i) => (i === axis ? count : length)))];
  if (before + after === 0) return x;
  return g.concat([...zeros(before), x, ...zeros(after)], axis);
}

/** `count` entries along an axis from `first` on. */
function part(g: Trace, x: Value, axis: number, first: number, count: number): Value {
  const sizes = [first, count, x.shape[axis] - first - count];
  const parts = g.split(
    x,
    axis,
    sizes.filter((size) => size > 0),
  );
  return parts[first > 0 ? 1 : 0];
}
