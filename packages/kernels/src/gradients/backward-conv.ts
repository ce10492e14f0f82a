/**
 * The gradient of the depthwise causal convolution with bias and SiLU (see conv.ts): with s the sum before SiLU and
 * ds = du · SiLU'(s), the token that a tap of weight w reads gets w ds, and the tap gets x ds.
 *
 * The options, and the twin that computes them in float64. The kernel is backward-conv.asm.ts.
 */
import { silu } from '@vssm/core/reference';
import type { ConvOptions } from '../conv/conv.ts';
import type { Rows } from '../rows.ts';
import { rowsInOrder, scanOrder, siluSlope } from './backward-scan.ts';

export interface ConvBackwardOptions extends Omit<ConvOptions, 'u'> {
  /** [B, L, E], dL/du; E is a multiple of 8. */
  readonly du: Rows;
  /** Output [B, L, E]. Must not overlap an input. */
  readonly dx: Rows;
  /** Add to what dx holds, the other direction's, instead of overwriting it. Default false. */
  readonly accumulate?: boolean;
  /** Sums over the batch, added to what is there: [E, taps] and [E]. */
  readonly dWeight: number;
  readonly dBias: number;
  /** `convBackwardScratch` floats of working memory. */
  readonly scratch: number;
}

/** Floats that one call needs beside its arguments. */
export function convBackwardScratch(channels: number, taps: number): number {
  return (2 * taps + 2) * channels;
}

/** One image in one direction, everything in scan order, float64. */
export interface ConvArrays {
  readonly length: number;
  readonly channels: number;
  readonly taps: number;
  /** [L, E] */
  readonly x: Float64Array;
  /** [E, taps] */
  readonly weight: Float64Array;
  /** [E] */
  readonly bias: Float64Array;
  /** [L], monotone: positional taps. Absent: compact taps. */
  readonly positions?: ArrayLike<number>;
}

export type ConvGradients = Readonly<Record<'x' | 'weight' | 'bias', Float64Array>>;

/** u [L, E] */
export function convForward(arrays: ConvArrays): Float64Array {
  const { length, channels } = arrays;
  const u = new Float64Array(length * channels);
  for (let step = 0; step < length; step++) {
    for (let channel = 0; channel < channels; channel++) {
      u[step * channels + channel] = silu(beforeSilu(arrays, step, channel));
    }
  }
  return u;
}

/** @param du [L, E] */
export function convPullback(arrays: ConvArrays, du: Float64Array): ConvGradients {
  const { length, channels, taps, x, weight, bias } = arrays;
  const gradients = {
    x: new Float64Array(x.length),
    weight: new Float64Array(weight.length),
    bias: new Float64Array(bias.length),
  };
  for (let step = 0; step < length; step++) {
    for (let channel = 0; channel < channels; channel++) {
      const slope = du[step * channels + channel] * siluSlope(beforeSilu(arrays, step, channel));
      gradients.bias[channel] += slope;
      for (const { source, tap } of tapsOf(arrays, step)) {
        gradients.x[source * channels + channel] += weight[channel * taps + tap] * slope;
        gradients.weight[channel * taps + tap] += x[source * channels + channel] * slope;
      }
    }
  }
  return gradients;
}

function beforeSilu(arrays: ConvArrays, step: number, channel: number): number {
  const { channels, taps, x, weight, bias } = arrays;
  let sum = bias[channel];
  for (const { source, tap } of tapsOf(arrays, step)) {
    sum += weight[channel * taps + tap] * x[source * channels + channel];
  }
  return sum;
}

/** The taps of a step that find a token: its step, and the tap's index into the weight. */
function tapsOf({ taps, positions }: ConvArrays, step: number): { source: number; tap: number }[] {
  const found: { source: number; tap: number }[] = [];
  for (let back = 0; back < taps && back <= step; back++) {
    const source = step - back;
    const distance = positions === undefined ? back : Math.abs(positions[step] - positions[source]);
    if (distance < taps) found.push({ source, tap: taps - 1 - distance });
  }
  return found;
}

/** What the kernel writes: dx [B, L, E] in the tokens' own places, the parameters' gradients summed over the batch. */
export function convBackwardReference(buffer: ArrayBufferLike, options: ConvBackwardOptions): ConvGradients {
  const { batch, length, channels, taps, direction, positions, accumulate } = options;
  const order = scanOrder(length, direction);
  const vector = (at: number, count: number) => Float64Array.from(new Float32Array(buffer, at, count));
  const weight = vector(options.weight, channels * taps);
  const bias = vector(options.bias, channels);
  const sums = { weight: vector(options.dWeight, channels * taps), bias: vector(options.dBias, channels) };
  const dx = new Float64Array(batch * length * channels);
  for (let image = 0; image < batch; image++) {
    const read = (of: Rows) => rowsInOrder(buffer, of, image, order, channels);
    const own =
      positions === undefined
        ? {}
        : {
            positions: order.map(
              (token) => new Int32Array(buffer, positions + 4 * image * length, length)[token],
            ),
          };
    const arrays = { length, channels, taps, weight, bias, x: read(options.x), ...own };
    const gradients = convPullback(arrays, read(options.du));
    const before = accumulate === true ? read(options.dx) : new Float64Array(length * channels);
    for (const [step, token] of order.entries()) {
      for (let channel = 0; channel < channels; channel++) {
        const at = step * channels + channel;
        dx[(image * length + token) * channels + channel] = before[at] + gradients.x[at];
      }
    }
    for (const name of ['weight', 'bias'] as const) {
      for (const [i, value] of gradients[name].entries()) sums[name][i] += value;
    }
  }
  return { x: dx, ...sums };
}
