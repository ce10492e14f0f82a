/** How many tokens live where: the count rules of the families, and the lengths that follow from a plan. */
import { type ModelSpec, sequenceLength } from '../model.ts';
import type { PruningPlan } from './plan.ts';

/**
 * What a keep ratio counts:
 * - `class-token`: k = ceil((L-1)·keep) made odd; the class token is one of the k (Vim).
 * - `class-token-counted`: k = ceil(L·keep) made odd, as in the released masking code (Vim, `countClassToken`).
 * - `every-token`: k = ceil(L·keep) (PlainMamba).
 */
export type CountRule = 'class-token' | 'class-token-counted' | 'every-token';

export function countRule(
  spec: Pick<ModelSpec, 'family'>,
  plan: Pick<PruningPlan, 'countClassToken'>,
): CountRule {
  if (spec.family === 'plainmamba') return 'every-token';
  return plan.countClassToken ? 'class-token-counted' : 'class-token';
}

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

/** Number of live tokens: first the full length, then the count after each step. */
export function tokenCounts(spec: ModelSpec, plan: PruningPlan): readonly number[] {
  const rule = countRule(spec, plan);
  const counts = [sequenceLength(spec)];
  for (const { keep } of plan.schedule) counts.push(keptCount(counts.at(-1)!, keep, rule));
  return counts;
}

/** Live tokens entering each block, 0-based. */
export function tokensPerBlock(spec: ModelSpec, plan: PruningPlan): readonly number[] {
  const counts = tokenCounts(spec, plan);
  return Array.from({ length: spec.depth }, (_, block) => {
    const steps = plan.schedule.filter(({ after }) => after <= block).length;
    return counts[steps];
  });
}
