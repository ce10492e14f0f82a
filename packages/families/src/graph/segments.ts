/** The segments of any model; see `Segments` in @vssm/graph. */
import type { Weights } from '@vssm/core';
import type { Segments } from '@vssm/graph';
import type { SegmentsPlan } from '../family.ts';
import type { ModelSpec } from '../table.ts';
import { graphsOf } from './table.ts';

/** Of the plan its alignment matters, and after which blocks it merges tokens. */
export function modelSegments(spec: ModelSpec, weights: Weights, plan: SegmentsPlan): Segments {
  return graphsOf(spec).segments(spec, weights, plan);
}
