/** The segments of any model; see common/segments.ts. */
import type { PruningPlan, Weights } from '@vssm/core';
import type { Segments } from '@vssm/graph';
import type { ModelSpec } from '../model.ts';
import { plainMambaSegments } from '../plainmamba/graph/segments.ts';
import { vimSegments } from '../vim/graph/segments.ts';

/** Of the plan only its alignment matters. */
export function modelSegments(
  spec: ModelSpec,
  weights: Weights,
  { alignment }: Pick<PruningPlan, 'alignment'>,
): Segments {
  switch (spec.family) {
    case 'vim':
      return vimSegments(spec, weights);
    case 'plainmamba':
      return plainMambaSegments(spec, weights, alignment);
    default:
      throw spec satisfies never;
  }
}
