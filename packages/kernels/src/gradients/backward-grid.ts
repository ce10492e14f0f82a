/**
 * The gradient of the depthwise convolution on a grid (see grid/grid-conv.ts): with s the sum before the activation and
 * ds = du · SiLU'(s), or du where there is none, the cell that a tap of weight w reads gets w ds, and the tap gets x ds.
 *
 * The options, and the twin that computes them in float64. The kernel is backward-grid.asm.ts, and backward-grid.c
 * where there is a compiler.
 */
import { silu } from '@vssm/core/reference';
import type { GridConvOptions } from '../grid/grid-conv.ts';
import type { Rows } from '../rows.ts';
import { rowsInOrder, siluSlope } from './backward-scan.ts';

export interface GridConvBackwardOptions extends Omit<GridConvOptions, 'u'> {
  /** [B, K, E], dL/du; E is a multiple of 8. */
  readonly du: Rows;
  /** Output [B, K, E], overwritten. Must not overlap an input. */
  readonly dx: Rows;
  /** Sums over the batch, added to what is there: [k · k, E] and [E]. */
  readonly dWeight: number;
  readonly dBias: number;
  /** `gridConvBackwardScratch` floats of working memory. */
  readonly scratch: number;
}

/** Floats that one call needs beside its arguments: x and ds of one vector of channels on the whole grid, and its taps. */
export function gridConvBackwardScratch({
  kernel,
  rows,
  columns,
}: Pick<GridConvOptions, 'kernel' | 'rows' | 'columns'>): number {
  return 16 * (2 * rows * (columns + kernel - 1) + kernel * kernel);
}

/** One image, float64. */
export interface GridConvArrays
  extends Pick<GridConvOptions, 'channels' | 'kernel' | 'rows' | 'columns' | 'activation'> {
  /** [K]: raster indices of the cells that hold a token, rising. */
  readonly cells: ArrayLike<number>;
  /** [K, E] */
  readonly x: Float64Array;
  /** [k · k, E] */
  readonly weight: Float64Array;
  /** [E] */
  readonly bias: Float64Array;
}

export type GridConvGradients = Readonly<Record<'x' | 'weight' | 'bias', Float64Array>>;

/** u [K, E] */
export function gridConvForward(arrays: GridConvArrays): Float64Array {
  const sums = beforeActivation(arrays);
  return arrays.activation === 'silu' ? sums.map(silu) : sums;
}

/** @param du [K, E] */
export function gridConvPullback(arrays: GridConvArrays, du: Float64Array): GridConvGradients {
  const { channels, x, weight, bias, activation } = arrays;
  const slopes =
    activation === 'silu' ? beforeActivation(arrays).map((sum, i) => du[i] * siluSlope(sum)) : du;
  const gradients = {
    x: new Float64Array(x.length),
    weight: new Float64Array(weight.length),
    bias: new Float64Array(bias.length),
  };
  for (const [i, slope] of slopes.entries()) gradients.bias[i % channels] += slope;
  for (const { token, source, tap } of pairsOf(arrays)) {
    for (let channel = 0; channel < channels; channel++) {
      const slope = slopes[token * channels + channel];
      gradients.x[source * channels + channel] += weight[tap * channels + channel] * slope;
      gradients.weight[tap * channels + channel] += x[source * channels + channel] * slope;
    }
  }
  return gradients;
}

/** bias + Σ taps · x, [K, E] */
function beforeActivation(arrays: GridConvArrays): Float64Array {
  const { channels, x, weight, bias, cells } = arrays;
  const sums = Float64Array.from({ length: cells.length * channels }, (_, i) => bias[i % channels]);
  for (const { token, source, tap } of pairsOf(arrays)) {
    for (let channel = 0; channel < channels; channel++) {
      sums[token * channels + channel] += weight[tap * channels + channel] * x[source * channels + channel];
    }
  }
  return sums;
}

/** Which token finds which other one under which tap. */
function* pairsOf({
  kernel,
  rows,
  columns,
  cells,
}: GridConvArrays): Generator<{ readonly token: number; readonly source: number; readonly tap: number }> {
  const reach = (kernel - 1) / 2;
  const tokenAt = new Map(Array.from(cells, (cell, token) => [cell, token]));
  for (const [cell, token] of tokenAt) {
    for (let tap = 0; tap < kernel * kernel; tap++) {
      const row = Math.floor(cell / columns) + Math.floor(tap / kernel) - reach;
      const column = (cell % columns) + (tap % kernel) - reach;
      if (row < 0 || row >= rows || column < 0 || column >= columns) continue;
      const source = tokenAt.get(row * columns + column);
      if (source !== undefined) yield { token, source, tap };
    }
  }
}

/** What the kernel writes: dx [B, K, E], the parameters' gradients summed over the batch. */
export function gridConvBackwardReference(
  buffer: ArrayBufferLike,
  options: GridConvBackwardOptions,
): GridConvGradients {
  const { batch, length, channels, kernel } = options;
  const vector = (at: number, count: number) => Float64Array.from(new Float32Array(buffer, at, count));
  const weight = vector(options.weight, kernel * kernel * channels);
  const bias = vector(options.bias, channels);
  const sums = {
    weight: vector(options.dWeight, kernel * kernel * channels),
    bias: vector(options.dBias, channels),
  };
  const dx = new Float64Array(batch * length * channels);
  const inPlace = Array.from({ length }, (_, token) => token);
  for (let image = 0; image < batch; image++) {
    const read = (of: Rows) => rowsInOrder(buffer, of, image, inPlace, channels);
    const cells =
      options.cells === undefined
        ? inPlace
        : new Int32Array(buffer, options.cells + 4 * image * length, length);
    const arrays = { ...options, weight, bias, cells, x: read(options.x) };
    const gradients = gridConvPullback(arrays, read(options.du));
    dx.set(gradients.x, image * length * channels);
    for (const name of ['weight', 'bias'] as const) {
      for (const [i, value] of gradients[name].entries()) sums[name][i] += value;
    }
  }
  return { x: dx, ...sums };
}
