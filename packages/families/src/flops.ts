/** FLOPs of one image through a (pruned) model of any family. */
import type { Flops, FlopsProfile, PruningPlan } from '@vssm/core';
import { checkPlan } from './plan.ts';
import { familyOf, type ModelSpec } from './table.ts';

/** @throws UserError where the plan does not fit the model */
export function modelFlops(spec: ModelSpec, plan: PruningPlan, profile: FlopsProfile): Flops {
  checkPlan(spec, plan);
  return familyOf(spec).flops(spec, plan, profile);
}

/** What strict FLOPs promise: dense / pruned. */
export function promisedSpeedup(spec: ModelSpec, dense: PruningPlan, pruned: PruningPlan): number {
  return modelFlops(spec, dense, 'strict').total / modelFlops(spec, pruned, 'strict').total;
}
