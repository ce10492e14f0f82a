/** What a plan costs, as records state it. */
import type { PruningPlan } from '@vssm/core';
import { type ModelSpec, modelFlops } from '@vssm/families';

export interface Cost {
  /** GFLOPs of one image in both profiles. */
  readonly flops: { readonly paper: number; readonly strict: number };
  /** Live tokens: the full length, then after each pruning step. */
  readonly tokens: number[];
}

export function costOf(spec: ModelSpec, plan: PruningPlan): Cost {
  const paper = modelFlops(spec, plan, 'paper');
  const strict = modelFlops(spec, plan, 'strict');
  return { flops: { paper: paper.total / 1e9, strict: strict.total / 1e9 }, tokens: [...paper.tokens] };
}
