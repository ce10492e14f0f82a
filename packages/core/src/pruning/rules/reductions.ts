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

/**
 * @param signal [L, E]
 * @returns scores [L], token i's own
 */
export function reduceSignal(
  signal: ArrayLike<number>,
  length: number,
  channels: number,
  { of }: Reduction,
): Float64Array {
  const scores = new Float64Array(length);
  for (let token = 0; token < length; token++) {
    scores[token] = of(signal, token * channels, (token + 1) * channels);
  }
  return scores;
}
