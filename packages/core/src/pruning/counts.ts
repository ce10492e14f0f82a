/** How many tokens a pruning step keeps: the count rules, of which a family has one or two. */
import type { PruningPlan } from './plan.ts';

/**
 * What a keep ratio counts:
 * - `class-token`: k = ceil((L-1)·keep) made odd; the class token is one of the k (Vim).
 * - `class-token-counted`: k = ceil(L·keep) made odd, as in the released masking code (Vim, `countClassToken`).
 * - `every-token`: k = ceil(L·keep) (PlainMamba).
 */
export type CountRule = 'class-token' | 'class-token-counted' | 'every-token';

/**
 * Tokens kept of `length`. IEEE double arithmetic on purpose: the released code's Python rounds the same way
 * (100·0.55 gives 56). A ratio of 1 prunes nothing, also where the parity rule alone would drop one token of an
 * even length. Never more than `length`.
 */
export function keptCount(length: number, keep: number, rule: CountRule = 'class-token'): number {
  if (keep === 1) return length;
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
