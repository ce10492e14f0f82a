/** What a plan costs, as records state it. */
import { type PruningPlan, type VimSpec, vimFlops } from '@vssm/core';

export interface Cost {
  /** GFLOPs of one image in both profiles. */
  readonly flops: { readonly paper: number; readonly strict: number };
  /** Live tokens: the full length, then after each pruning step. */
  readonly tokens: number[];
}

export function costOf(spec: VimSpec, plan: PruningPlan): Cost {
  const paper = vimFlops(spec, plan, 'paper');
  const strict = vimFlops(spec, plan, 'strict');
  return { flops: { paper: paper.total / 1e9, strict: strict.total / 1e9 }, tokens: [...paper.tokens] };
}
