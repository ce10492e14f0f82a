/** A Vim cut at its scans; see `packages/graph`'s common/segments.ts. */
import type { Direction, Weights } from '@vssm/core';
import {
  type GraphBuilder,
  imageInput,
  type Parameters,
  type ProjectionNames,
  projectionSegment,
  rmsNorm,
  type Segments,
  segment,
  segmentNames,
  type Value,
} from '@vssm/graph';
import type { FamilyGraphs } from '../../family.ts';
import { directionParameterNames } from '../spec.ts';
import type { BidirectionalSpec, BidirectionalTraits } from '../traits.ts';
import { classify, embed } from './embed.ts';

export const directions: readonly Direction[] = ['forward', 'backward'];

export const bidirectionalSegments =
  <Spec extends BidirectionalSpec>(traits: BidirectionalTraits<Spec>): FamilyGraphs<Spec>['segments'] =>
  (spec, weights) =>
    segments(traits, spec, weights);

function segments<Spec extends BidirectionalSpec>(
  traits: BidirectionalTraits<Spec>,
  spec: Spec,
  weights: Weights,
): Segments {
  return {
    projectionSets: directions,
    share: traits.share,
    embed: ({ enter = true } = {}) => embedSegment(traits, spec, weights, enter),
    projections: (block) => projectionSegment(weights, projectionNames(block), spec),
    projectionNames,
    endsInConvolution: () => false,
    outProjection() {
      throw new Error('no block ends in a convolution');
    },
    next: (block) => nextSegment(spec, weights, block),
    enterNames: (block) => ({
      norm: { weight: `layers.${block}.norm.weight`, epsilon: 1e-5 },
      inProjection: { weight: `layers.${block}.mixer.in_proj.weight` },
    }),
    leaveNames: (block) => ({ weight: `layers.${block}.mixer.out_proj.weight` }),
    head: () => headSegment(traits, spec, weights),
  };
}

function embedSegment<Spec extends BidirectionalSpec>(
  traits: BidirectionalTraits<Spec>,
  spec: Spec,
  weights: Weights,
  enter: boolean,
): Uint8Array {
  const { g, parameters } = segment('embed', weights);
  const tokens = embed(traits, g, spec, parameters, imageInput(g, segmentNames.pixels, spec));
  g.op('Reshape', [tokens, g.ints([-1, spec.width])], { name: segmentNames.nextResidual });
  g.output(segmentNames.nextResidual, 'F32', ['rows', spec.width]);
  return enter ? withInProjection(g, spec, parameters, 0) : g.model();
}

function projectionNames(block: number): ProjectionNames[] {
  const own = (name: string) => `layers.${block}.mixer.${name}.weight`;
  return directions.map((set) => {
    const names = directionParameterNames[set];
    return { set, xProj: own(names.xProj), dtProj: own(names.dtProj) };
  });
}

function nextSegment(spec: BidirectionalSpec, weights: Weights, block: number): Uint8Array {
  const { g, parameters } = segment(`next_${block}`, weights);
  addOutProjection(g, spec, parameters, block);
  g.output(segmentNames.nextResidual, 'F32', ['rows', spec.width]);
  return withInProjection(g, spec, parameters, block + 1);
}

/** The rows are the protected tokens', those of each image one after the other. */
function headSegment<Spec extends BidirectionalSpec>(
  traits: BidirectionalTraits<Spec>,
  spec: Spec,
  weights: Weights,
): Uint8Array {
  const { g, parameters } = segment('head', weights);
  const tokens = addOutProjection(g, spec, parameters, spec.depth - 1);
  classify(traits, g, spec, parameters, tokens, segmentNames.logits);
  g.output(segmentNames.logits, 'F32', ['batch', spec.classes]);
  return g.model();
}

function addOutProjection(
  g: GraphBuilder,
  spec: BidirectionalSpec,
  parameters: Parameters,
  block: number,
): Value {
  const y = g.input(segmentNames.y, 'F32', ['rows', spec.innerWidth]);
  const residual = g.input(segmentNames.residual, 'F32', ['rows', spec.width]);
  // y is the sum or mean of the two directions already.
  const hidden = g.op('MatMul', [y, parameters.linear(`layers.${block}.mixer.out_proj.weight`)]);
  return g.op('Add', [residual, hidden], { name: segmentNames.nextResidual });
}

/** Ends a segment: norm and in_proj of `block` on the value named `next_residual`. */
function withInProjection(
  g: GraphBuilder,
  spec: BidirectionalSpec,
  parameters: Parameters,
  block: number,
): Uint8Array {
  const normed = rmsNorm(g, segmentNames.nextResidual, parameters.plain(`layers.${block}.norm.weight`));
  g.op('MatMul', [normed, parameters.linear(`layers.${block}.mixer.in_proj.weight`)], {
    name: segmentNames.xz,
  });
  g.output(segmentNames.xz, 'F32', ['rows', 2 * spec.innerWidth]);
  return g.model();
}
