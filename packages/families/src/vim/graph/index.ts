/** Vim as ONNX; what it is made of serves every family of bidirectional blocks. */
import type { FamilyGraphs } from '../../family.ts';
import { vimTraits } from '../index.ts';
import type { VimSpec } from '../spec.ts';
import type { BidirectionalSpec, BidirectionalTraits } from '../traits.ts';
import { vimPatchProduct } from './floor.ts';
import { vimPartCost } from './part-costs.ts';
import { bidirectionalSegments, directions } from './segments.ts';
import { emitBidirectional } from './whole.ts';

export function bidirectionalGraphs<Spec extends BidirectionalSpec>(
  traits: BidirectionalTraits,
): FamilyGraphs<Spec> {
  return {
    emitWhole: emitBidirectional(traits),
    segments: bidirectionalSegments(traits),
    projectionSets: directions,
    floor: vimPatchProduct,
    partCost: vimPartCost,
  };
}

export const vimGraphs: FamilyGraphs<VimSpec> = bidirectionalGraphs(vimTraits);
