/** FLOPs of one image through a (pruned) model of any family. */
import type { Flops, FlopsProfile, PruningPlan } from '@vssm/core';
import type { ModelSpec } from './model.ts';
import { plainMambaFlops } from './plainmamba/flops.ts';
import { vimFlops } from './vim/flops.ts';

/** @throws UserError where the plan does not fit the model */
export function modelFlops(spec: ModelSpec, plan: PruningPlan, profile: FlopsProfile): Flops {
  switch (spec.family) {
    case 'vim':
      return vimFlops(spec, plan, profile);
    case 'plainmamba':
      return plainMambaFlops(spec, plan, profile);
    default:
      throw spec satisfies never;
  }
}

/** What strict FLOPs promise: dense / pruned. */
export function promisedSpeedup(spec: ModelSpec, dense: PruningPlan, pruned: PruningPlan): number {
  return modelFlops(spec, dense, 'strict').total / modelFlops(spec, pruned, 'strict').total;
}
