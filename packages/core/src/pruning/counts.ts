/** How many tokens a pruning step keeps: the count rules, of which a family has one or two. */
import type { PruningPlan } from './plan.ts';

/**
 * What a keep ratio counts:
 * - `class-token`: k = ceil((L-1)·keep) made odd; the class token is one of the k (Vim).
 * - `class-token-counted`: k = ceil(L·keep) made odd, as in the released masking code (Vim, `countClassToken`).
 * - `every-token`: k = ceil(L·keep) (PlainMamba).
 * - `others`: k = ceil((L-P)·keep) + P with P tokens that never leave; no parity, which has no reason to be where the
 *   class token is not in the middle.
 */
export type CountRule =
  | 'class-token'
  | 'class-token-counted'
  | 'every-token'
  | { readonly others: { readonly protectedTokens: number } };

/**
 * Tokens kept of `length`. IEEE double arithmetic on purpose: the released code's Python rounds the same way
 * (100·0.55 gives 56). A ratio of 1 prunes nothing, also where the parity rule alone would drop one token of an
 * even length. Never more than `length`.
 */
export function keptCount(length: number, keep: number, rule: CountRule = 'class-token'): number {
  if (keep === 1) return length;
  if (typeof rule === 'object') {
    const { protectedTokens } = rule.others;
    return protectedTokens + Math.ceil((length - protectedTokens) * keep);
  }
  if (rule === 'every-token') return Math.ceil(length * keep);
  const rounded = Math.ceil((rule === 'class-token-counted' ? length : length - 1) * keep);
  return Math.min(rounded % 2 === 0 ? rounded + 1 : rounded, length);
}

/** Live tokens: first the full length, then the count after each step. */
export function stepCounts(
  length: number,
  { schedule }: Pick<PruningPlan, 'schedule'>,
  rule: CountRule,
): readonly number[] {
  const counts = [length];
  for (const { keep } of schedule) counts.push(keptCount(counts.at(-1)!, keep, rule));
  return counts;
}

/** Live tokens entering each block, 0-based, from those after each step. */
export function countsPerBlock(
  counts: readonly number[],
  { schedule }: Pick<PruningPlan, 'schedule'>,
  depth: number,
): readonly number[] {
  return Array.from(
    { length: depth },
    (_, block) => counts[schedule.filter(({ after }) => after <= block).length],
  );
}
