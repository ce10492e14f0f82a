/**
 * What a pruning step does with the tokens that leave, and by which of their tensors a destination is found.
 *
 * - `drop`: they are gone (ToP, EViT).
 * - `merge`: the destination becomes the mean of itself and what joins it, weighted by sizes, on both streams (ToMe).
 * - `merge-sum`: the destination becomes the sum of itself and what joins it, on both streams (STORM).
 * - `half`: of the block's output the surer half of the leaving tokens joins its destinations, by a plain mean, and
 *   the other half is dropped; of the residual all of them join (UTR, text of arXiv 2410.14725; which half is which
 *   is our reading). A stream that holds the sum of both, as PlainMamba's, is treated like the block's output.
 */
export const operations = ['drop', 'merge', 'merge-sum', 'half'] as const;
export type Operation = (typeof operations)[number];

/** By what tokens are compared, cosine: a signal; of `delta`, `B` and `C` the mean over the sets of projections. */
export const metrics = ['hidden', 'gated', 'residual', 'delta', 'B', 'C'] as const;
export type Metric = (typeof metrics)[number];

/** The two streams of a block: what its mixer has put out, and the sum of everything before. */
export type StreamName = 'output' | 'residual';

/** Leaving token, and the one that it joins: indices into the tokens before the step. */
export type Pair = readonly [from: number, to: number];

/** What becomes of rows: row[to] ← own[to] · row[to] + Σ share[i] · row[from_i] over the pairs that go to it. */
export interface Combination {
  /** [L] */
  readonly own: Float64Array;
  /** One per pair. */
  readonly shares: Float64Array;
}

/**
 * @param pairs the surest first
 * @param sizes [L], before the step
 */
export function combination(
  operation: Exclude<Operation, 'drop'>,
  stream: StreamName,
  pairs: readonly Pair[],
  sizes: ArrayLike<number>,
): Combination {
  const own = new Float64Array(sizes.length).fill(1);
  const shares = new Float64Array(pairs.length);
  const joins = pairs.map((_, i) => operation !== 'half' || stream === 'residual' || 2 * i < pairs.length);
  const weights = operation === 'merge' ? Float64Array.from(sizes) : new Float64Array(sizes.length).fill(1);
  const totals = weights.slice();
  for (const [i, [from, to]] of pairs.entries()) if (joins[i]) totals[to] += weights[from];
  for (const [i, [from, to]] of pairs.entries()) {
    if (!joins[i]) continue;
    const divisor = operation === 'merge-sum' ? 1 : totals[to];
    shares[i] = weights[from] / divisor;
    own[to] = weights[to] / divisor;
  }
  return { own, shares };
}

/** Sizes after a step, [L]: whatever leaves is counted where it went; sizes of what is gone are 0. */
export function mergedSizes(pairs: readonly Pair[], sizes: ArrayLike<number>): Int32Array {
  const merged = Int32Array.from(sizes);
  for (const [from, to] of pairs) {
    merged[to] += sizes[from];
    merged[from] = 0;
  }
  return merged;
}
