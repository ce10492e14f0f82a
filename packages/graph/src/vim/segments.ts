/**
 * A Vim cut at its scans: the dense parts between two scans as small ONNX models, for backends that run the
 * convolution and the scan in kernels of their own. Everything here works on rows, one per token of whichever
 * image, so one set of segments serves every batch size and every pruning plan.
 *
 *     embed ─ xz ┬─ conv ─ u ─ projections ─ Δ, B, C ─ scan, gate ─ y ─┐
 *                │                                                     │
 *                └──────── next: out_proj, add, norm, in_proj ◀────────┘   (after the last block: head)
 *
 * The residual stream that `embed` and `next` return already contains the mixer's output, so that pruning
 * between a scan and the following segment gathers one stream of each width, y and the residual.
 */
import { type Direction, directionParameterNames, type VimSpec, type Weights } from '@vssm/core';
import { GraphBuilder, type Value } from '../onnx/builder.ts';
import { rmsNorm } from './block.ts';
import { classify, embed } from './embed.ts';
import { VimParameters } from './weights.ts';

/** Inputs and outputs of the segments; every tensor is float32. */
export const segmentNames = {
  /** [B, C, H, W] */
  pixels: 'pixels',
  /** [rows, d] */
  residual: 'residual',
  /** [rows, d], with this block's mixer output added */
  nextResidual: 'next_residual',
  /** [rows, 2E]: x, then z */
  xz: 'xz',
  /** [rows, E], convolved, one per direction */
  u: (direction: Direction) => `u_${direction}`,
  /** [rows, r + 2N]: dt, B, C */
  projected: (direction: Direction) => `projected_${direction}`,
  /** [rows, E], before bias and softplus */
  delta: (direction: Direction) => `delta_${direction}`,
  /** [rows, E], gated sum of both directions, not halved */
  y: 'y',
  /** [B, classes] */
  logits: 'logits',
} as const;

const directions: readonly Direction[] = ['forward', 'backward'];

/** pixels → residual, xz of block 0 */
export function embedSegment(spec: VimSpec, weights: Weights): Uint8Array {
  const { g, parameters } = segment('embed', weights);
  const pixels = g.input(segmentNames.pixels, 'F32', [
    'batch',
    spec.inChannels,
    spec.imageHeight,
    spec.imageWidth,
  ]);
  const tokens = embed(g, spec, parameters, pixels);
  g.op('Reshape', [tokens, g.ints([-1, spec.width])], { name: segmentNames.nextResidual });
  return withInProjection(g, spec, parameters, 0);
}

/** u of both directions → projected and delta of both */
export function projectionSegment(spec: VimSpec, weights: Weights, block: number): Uint8Array {
  const { g, parameters } = segment(`projections_${block}`, weights);
  const { innerWidth: E, dtRank: r, stateSize: N } = spec;
  for (const direction of directions) {
    const names = directionParameterNames[direction];
    const own = (name: string) => `layers.${block}.mixer.${name}.weight`;
    const u = g.input(segmentNames.u(direction), 'F32', ['rows', E]);
    const projected = g.op('MatMul', [u, parameters.linear(own(names.xProj))], {
      name: segmentNames.projected(direction),
    });
    const [dt] = g.ops('Split', [projected, g.ints([r, 2 * N])], 2, { attributes: { axis: 1 } });
    g.op('MatMul', [dt, parameters.linear(own(names.dtProj))], { name: segmentNames.delta(direction) });
    g.output(segmentNames.projected(direction), 'F32', ['rows', r + 2 * N]);
    g.output(segmentNames.delta(direction), 'F32', ['rows', E]);
  }
  return g.model();
}

/** y and residual of a block → residual and xz of the next */
export function nextSegment(spec: VimSpec, weights: Weights, block: number): Uint8Array {
  const { g, parameters } = segment(`next_${block}`, weights);
  addOutProjection(g, spec, parameters, block);
  return withInProjection(g, spec, parameters, block + 1);
}

/** y and residual of the class tokens after the last block, one row per image → logits */
export function headSegment(spec: VimSpec, weights: Weights): Uint8Array {
  const { g, parameters } = segment('head', weights);
  const token = addOutProjection(g, spec, parameters, spec.depth - 1);
  classify(g, parameters, token, segmentNames.logits);
  g.output(segmentNames.logits, 'F32', ['rows', spec.classes]);
  return g.model();
}

function segment(name: string, weights: Weights): { g: GraphBuilder; parameters: VimParameters } {
  const g = new GraphBuilder(name);
  return { g, parameters: new VimParameters(g, weights) };
}

function addOutProjection(g: GraphBuilder, spec: VimSpec, parameters: VimParameters, block: number): Value {
  const y = g.input(segmentNames.y, 'F32', ['rows', spec.innerWidth]);
  const residual = g.input(segmentNames.residual, 'F32', ['rows', spec.width]);
  // The mean of the two directions is folded into the projection: a factor of 1/2 is exact.
  const hidden = g.op('MatMul', [y, parameters.linear(`layers.${block}.mixer.out_proj.weight`, 0.5)]);
  return g.op('Add', [residual, hidden], { name: segmentNames.nextResidual });
}

/** Ends a segment: norm and in_proj of `block` on the value named `next_residual`. */
function withInProjection(
  g: GraphBuilder,
  spec: VimSpec,
  parameters: VimParameters,
  block: number,
): Uint8Array {
  const normed = rmsNorm(g, segmentNames.nextResidual, parameters.plain(`layers.${block}.norm.weight`));
  g.op('MatMul', [normed, parameters.linear(`layers.${block}.mixer.in_proj.weight`)], {
    name: segmentNames.xz,
  });
  g.output(segmentNames.nextResidual, 'F32', ['rows', spec.width]);
  g.output(segmentNames.xz, 'F32', ['rows', 2 * spec.innerWidth]);
  return g.model();
}
