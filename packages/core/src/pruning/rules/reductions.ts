/**
 * How a signal of E channels becomes one score: the one place that knows the reductions. A new entry is a value of
 * `--reduce`, a name in results and reports, and runs on every backend.
 */
import { clip } from './reductions/clip.ts';
import { l1 } from './reductions/l1.ts';
import { l2 } from './reductions/l2.ts';
import type { Reduction } from './reductions/reduction.ts';
import { sum } from './reductions/sum.ts';

const definitions = {
  clip,
  sum,
  l1,
  l2,
} as const satisfies Readonly<Record<string, Reduction>>;

export type ReductionName = keyof typeof definitions;

export const reductionTable: Readonly<Record<ReductionName, Reduction>> = definitions;

/** Values of `reduce`. `clip` = Σ max(0, ·), the paper's. */
export const reductions = Object.keys(definitions) as [ReductionName, ...ReductionName[]];

/** Reduces the rows of a signal [L, E] faster than a loop over its numbers; undefined where it cannot. */
export type RowReducer = (
  signal: Float32Array,
  length: number,
  channels: number,
  reduction: Reduction,
) => Float64Array | undefined;

const reducers = new WeakMap<ArrayBufferLike, RowReducer>();

/**
 * Signals in this memory, whatever rule reads them, are reduced by the kernels that work on it. What they cannot do, and
 * signals elsewhere, go by the reduction's own loop.
 */
export function reduceWith(memory: ArrayBufferLike, reducer: RowReducer): void {
  reducers.set(memory, reducer);
}

/**
 * @param signal [L, E]
 * @returns scores [L], token i's own
 */
export function reduceSignal(
  signal: ArrayLike<number>,
  length: number,
  channels: number,
  reduction: Reduction,
): Float64Array {
  const byKernel =
    signal instanceof Float32Array
      ? reducers.get(signal.buffer)?.(signal, length, channels, reduction)
      : undefined;
  if (byKernel !== undefined) return byKernel;
  const scores = new Float64Array(length);
  for (let token = 0; token < length; token++) {
    scores[token] = reduction.of(signal, token * channels, (token + 1) * channels);
  }
  return scores;
}
