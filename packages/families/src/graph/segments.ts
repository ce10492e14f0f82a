/** The segments of any model; see `Segments` in @vssm/graph. */
import type { PruningPlan, Weights } from '@vssm/core';
import type { Segments } from '@vssm/graph';
import type { ModelSpec } from '../table.ts';
import { graphsOf } from './table.ts';

/** Of the plan only its alignment matters. */
export function modelSegments(
  spec: ModelSpec,
  weights: Weights,
  plan: Pick<PruningPlan, 'alignment'>,
): Segments {
  return graphsOf(spec).segments(spec, weights, plan);
}
