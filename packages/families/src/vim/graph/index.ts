/** Vim as ONNX; what it is made of serves every family of bidirectional blocks. */
import type { FamilyGraphs } from '../../family.ts';
import { vimTraits } from '../index.ts';
import type { VimSpec } from '../spec.ts';
import type { BidirectionalSpec, BidirectionalTraits } from '../traits.ts';
import { bidirectionalMatmulFloor } from './matmul-floor.ts';
import { bidirectionalPartCost } from './part-costs.ts';
import { bidirectionalSegments, directions } from './segments.ts';
import { emitBidirectional } from './whole.ts';

/** @public */
export function bidirectionalGraphs<Spec extends BidirectionalSpec>(
  traits: BidirectionalTraits<Spec>,
): FamilyGraphs<Spec> {
  return {
    emitWhole: emitBidirectional(traits),
    segments: bidirectionalSegments(traits),
    projectionSets: directions,
    matmulFloor: bidirectionalMatmulFloor(traits),
    partCost: bidirectionalPartCost(traits),
  };
}

export const vimGraphs: FamilyGraphs<VimSpec> = bidirectionalGraphs(vimTraits);
