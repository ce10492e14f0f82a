/** The lengths that follow from a plan, by the family's count rule. */
import { type CountRule, type PruningPlan, stepCounts } from '@vssm/core';
import { type ModelSpec, sequenceLength } from './model.ts';

export function countRule(
  spec: Pick<ModelSpec, 'family'>,
  plan: Pick<PruningPlan, 'countClassToken'>,
): CountRule {
  if (spec.family === 'plainmamba') return 'every-token';
  return plan.countClassToken ? 'class-token-counted' : 'class-token';
}

/** Number of live tokens: first the full length, then the count after each step. */
export function tokenCounts(spec: ModelSpec, plan: PruningPlan): readonly number[] {
  return stepCounts(sequenceLength(spec), plan, countRule(spec, plan));
}

/** Live tokens entering each block, 0-based. */
export function tokensPerBlock(spec: ModelSpec, plan: PruningPlan): readonly number[] {
  const counts = tokenCounts(spec, plan);
  return Array.from({ length: spec.depth }, (_, block) => {
    const steps = plan.schedule.filter(({ after }) => after <= block).length;
    return counts[steps];
  });
}
