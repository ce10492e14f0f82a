/**
 * A PlainMamba cut at its scans; see `packages/graph`'s common/segments.ts. A layer that ends in a 3x3 convolution is cut there too:
 * its output projection is a separate segment, the convolution (BatchNorm folded into it) runs in a kernel, and
 * the next segment begins with GELU; but where tokens merge in between, GELU comes before that.
 *
 * Under alignment `mask` the segments zero the tokens that are gone, by their input `live`: a layer's biases would
 * fill them.
 */
import { mergesAfter, type Weights } from '@vssm/core';
import {
  type GraphBuilder,
  imageInput,
  type LinearNames,
  layerNorm,
  linear,
  type Parameters,
  type ProjectionNames,
  projectionSegment,
  type Segments,
  segment,
  segmentNames,
  type Value,
} from '@vssm/graph';
import type { SegmentsPlan } from '../../family.ts';
import type { PlainMambaSpec } from '../spec.ts';
import { classify, embed } from './embed.ts';

export function plainMambaSegments(spec: PlainMambaSpec, weights: Weights, plan: SegmentsPlan): Segments {
  const masked = plan.alignment === 'mask';
  const merged = (layer: number) => mergesAfter(plan, layer);
  return {
    projectionSets: ['shared'],
    share: 1,
    embed: ({ enter = true } = {}) => embedSegment(spec, weights, enter),
    projections: (layer) => projectionSegment(weights, projectionNames(layer), spec),
    projectionNames,
    endsInConvolution: (layer) => spec.depthwiseLayers.includes(layer),
    outProjection: (layer) => outProjectionSegment(spec, weights, layer),
    next: (layer) => nextSegment(spec, weights, layer, { masked, merged: merged(layer) }),
    enterNames: (layer) => ({
      norm: { ...named(layer, 'norm'), epsilon: 1e-5 },
      inProjection: named(layer, 'mamba.in_proj'),
    }),
    leaveNames: (layer) => named(layer, 'mamba.out_proj'),
    head: () => headSegment(spec, weights, merged(spec.depth - 1)),
  };
}

function named(layer: number, name: string): Required<LinearNames> {
  const own = `backbone.layers.${layer}.${name}`;
  return { weight: `${own}.weight`, bias: `${own}.bias` };
}

function embedSegment(spec: PlainMambaSpec, weights: Weights, enter: boolean): Uint8Array {
  const { g, parameters } = segment('embed', weights);
  const tokens = embed(g, spec, parameters, imageInput(g, segmentNames.pixels, spec));
  g.op('Reshape', [tokens, g.ints([-1, spec.width])], { name: segmentNames.nextResidual });
  g.output(segmentNames.nextResidual, 'F32', ['rows', spec.width]);
  return enter ? withInProjection(g, spec, parameters, 0) : g.model();
}

function projectionNames(layer: number): ProjectionNames[] {
  const own = (name: string) => `backbone.layers.${layer}.mamba.${name}.weight`;
  return [{ set: 'shared', xProj: own('x_proj'), dtProj: own('dt_proj') }];
}

function outProjectionSegment(spec: PlainMambaSpec, weights: Weights, layer: number): Uint8Array {
  const { g, parameters } = segment(`out_projection_${layer}`, weights);
  addOutProjection(g, spec, parameters, layer, ['rows'], segmentNames.nextResidual);
  g.output(segmentNames.nextResidual, 'F32', ['rows', spec.width]);
  return g.model();
}

function nextSegment(
  spec: PlainMambaSpec,
  weights: Weights,
  layer: number,
  { masked, merged }: { readonly masked: boolean; readonly merged: boolean },
): Uint8Array {
  const { g, parameters } = segment(`next_${layer}`, weights);
  if (masked) {
    const live = g.input(segmentNames.live, 'F32', ['rows', 1]);
    const tokens = endOfLayer(g, spec, parameters, layer, merged, ['rows']);
    g.op('Mul', [tokens, live], { name: segmentNames.nextResidual });
  } else endOfLayer(g, spec, parameters, layer, merged, ['rows'], segmentNames.nextResidual);
  g.output(segmentNames.nextResidual, 'F32', ['rows', spec.width]);
  return withInProjection(g, spec, parameters, layer + 1);
}

/** Its rows keep the images apart, [B, K, …], for the mean over each one's tokens. */
function headSegment(spec: PlainMambaSpec, weights: Weights, merged: boolean): Uint8Array {
  const { g, parameters } = segment('head', weights);
  const tokens = endOfLayer(g, spec, parameters, spec.depth - 1, merged, ['batch', 'tokens']);
  classify(g, spec, parameters, tokens, segmentNames.logits);
  g.output(segmentNames.logits, 'F32', ['batch', spec.classes]);
  return g.model();
}

/**
 * Begins a segment: the tokens that a layer returns. `rows`: the leading axes of everything.
 *
 * @param merged whether they have been merged since, in which case nothing of the layer is left to be done
 */
function endOfLayer(
  g: GraphBuilder,
  spec: PlainMambaSpec,
  parameters: Parameters,
  layer: number,
  merged: boolean,
  rows: readonly string[],
  name?: string,
): Value {
  if (!spec.depthwiseLayers.includes(layer)) return addOutProjection(g, spec, parameters, layer, rows, name);
  const convolved = g.input(segmentNames.residual, 'F32', [...rows, spec.width]);
  return g.op(merged ? 'Identity' : 'Gelu', [convolved], name === undefined ? {} : { name });
}

function addOutProjection(
  g: GraphBuilder,
  spec: PlainMambaSpec,
  parameters: Parameters,
  layer: number,
  rows: readonly string[],
  name?: string,
): Value {
  const y = g.input(segmentNames.y, 'F32', [...rows, spec.innerWidth]);
  const residual = g.input(segmentNames.residual, 'F32', [...rows, spec.width]);
  const output = linear(g, parameters, y, `backbone.layers.${layer}.mamba.out_proj`);
  return g.op('Add', [residual, output], name === undefined ? {} : { name });
}

/** Ends a segment: norm and in_proj of `layer` on the value named `next_residual`. */
function withInProjection(
  g: GraphBuilder,
  spec: PlainMambaSpec,
  parameters: Parameters,
  layer: number,
): Uint8Array {
  const prefix = `backbone.layers.${layer}`;
  const normed = layerNorm(g, parameters, segmentNames.nextResidual, `${prefix}.norm`, 1e-5);
  linear(g, parameters, normed, `${prefix}.mamba.in_proj`, segmentNames.xz);
  g.output(segmentNames.xz, 'F32', ['rows', 2 * spec.innerWidth]);
  return g.model();
}
