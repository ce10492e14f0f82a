/** The lengths that follow from a plan, by the family's count rule. */
import { type CountRule, countsPerBlock, type PruningPlan, stepCounts } from '@vssm/core';
import { sequenceLength } from './model.ts';
import { familyOf, type ModelSpec } from './table.ts';

/** How a step's count follows from its keep ratio: what of it is the family's, what the plan's. */
export function countRule(spec: ModelSpec, plan: Pick<PruningPlan, 'countClassToken'>): CountRule {
  return familyOf(spec).countRule(spec, plan);
}

/** Number of live tokens: first the full length, then the count after each step. */
export function tokenCounts(spec: ModelSpec, plan: PruningPlan): readonly number[] {
  return stepCounts(sequenceLength(spec), plan, countRule(spec, plan));
}

/** Live tokens entering each block, 0-based. */
export function tokensPerBlock(spec: ModelSpec, plan: PruningPlan): readonly number[] {
  return countsPerBlock(tokenCounts(spec, plan), plan, spec.depth);
}
