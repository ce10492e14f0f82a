/**
 * A model cut at its scans: the dense parts between two scans as small ONNX models, for backends that run the
 * convolution and the scan in kernels of their own. Everything here works on rows, one per token of whichever
 * image, so one set of segments serves every batch size and every schedule.
 *
 *     embed ─ xz ┬─ conv ─ u ─ projections ─ Δ, B, C ─ scan, gate ─ y ─┐
 *                │                                                     │
 *                └──────── next: out_proj, add, norm, in_proj ◀────────┘   (after the last block: head)
 *
 * The residual stream that `embed` and `next` return already contains the mixer's output, so that pruning
 * between a scan and the following segment gathers one stream of each width, y and the residual.
 */
import type { Direction, Weights } from '@vssm/core';
import { GraphBuilder } from '../onnx/builder.ts';
import { Parameters } from './parameters.ts';

/**
 * A set of projections of Δ, B and C, with the u they are made from: one for each direction in Vim, one that all
 * directions share in PlainMamba.
 */
export type ProjectionSet = Direction | 'shared';

/** Names of the weights that project one set's u. */
export interface ProjectionNames {
  readonly set: ProjectionSet;
  /** [r + 2N, E]: u → dt, B, C */
  readonly xProj: string;
  /** [E, r]: dt → Δ before bias and softplus */
  readonly dtProj: string;
}

/** Names of a matrix [out, in] that rows are multiplied by transposed, and of what is added, [out], where there is something. */
export interface LinearNames {
  readonly weight: string;
  readonly bias?: string;
}

/** Names of what makes a block's xz of the residual stream. */
export interface EnterNames {
  /** By the root mean square; with a bias, less the mean first. */
  readonly norm: LinearNames & { readonly epsilon: number };
  readonly inProjection: LinearNames;
}

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
  /** [rows, E], convolved */
  u: (set: ProjectionSet) => `u_${set}`,
  /** [rows, r + 2N]: dt, B, C */
  projected: (set: ProjectionSet) => `projected_${set}`,
  /** [rows, E], before bias and softplus */
  delta: (set: ProjectionSet) => `delta_${set}`,
  /** [rows, E], the gated sum of all directions */
  y: 'y',
  /** [rows, 1]: 1 where a token lives, 0 where it is gone; an input of PlainMamba's segments under `mask` */
  live: 'live',
  /** [B, classes] */
  logits: 'logits',
} as const;

/** The segments of one model, each encoded when asked for. Blocks count from 0. */
export interface Segments {
  readonly projectionSets: readonly ProjectionSet[];
  /** What the mixer multiplies the gated sum of the directions by to make y: 1/2 where they are averaged. */
  readonly share: number;
  /**
   * pixels → next_residual, xz of block 0
   *
   * @param options.enter false: no xz, for whoever multiplies by himself
   */
  embed(options?: { readonly enter?: boolean }): Uint8Array;
  /** u → projected and delta, of every set */
  projections(block: number): Uint8Array;
  /** The weights of these, for whoever multiplies by himself. */
  projectionNames(block: number): readonly ProjectionNames[];
  /** Whether a block ends in a convolution on the grid, whose output the following segment reads as its residual, and no y. */
  endsInConvolution(block: number): boolean;
  /** y, residual → next_residual of such a block */
  outProjection(block: number): Uint8Array;
  /** y and residual of a block → next_residual and xz of the next */
  next(block: number): Uint8Array;
  /** The weights of what `embed` ends in, and `next` of the block before. */
  enterNames(block: number): EnterNames;
  /** The weights of the output projection. */
  leaveNames(block: number): LinearNames;
  /** y and residual of the tokens that the classifier reads → logits */
  head(): Uint8Array;
}

/** A graph to write one segment into. */
export function segment(name: string, weights: Weights): { g: GraphBuilder; parameters: Parameters } {
  const g = new GraphBuilder(name);
  return { g, parameters: new Parameters(g, weights) };
}

/** The segment u → projected and delta of these sets. */
export function projectionSegment(
  weights: Weights,
  sets: readonly ProjectionNames[],
  { innerWidth: E, dtRank: r, stateSize: N }: { innerWidth: number; dtRank: number; stateSize: number },
): Uint8Array {
  const { g, parameters } = segment('projections', weights);
  for (const { set, xProj, dtProj } of sets) {
    const u = g.input(segmentNames.u(set), 'F32', ['rows', E]);
    const projected = g.op('MatMul', [u, parameters.linear(xProj)], { name: segmentNames.projected(set) });
    const [dt] = g.ops('Split', [projected, g.ints([r, 2 * N])], 2, { attributes: { axis: 1 } });
    g.op('MatMul', [dt, parameters.linear(dtProj)], { name: segmentNames.delta(set) });
    g.output(segmentNames.projected(set), 'F32', ['rows', r + 2 * N]);
    g.output(segmentNames.delta(set), 'F32', ['rows', E]);
  }
  return g.model();
}
