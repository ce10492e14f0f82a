/**
 * What the training engine asks of a family: how it is cut into segments, which parameters these read, what its kernels
 * do between them, and the float64 reference that all of it is held to. A family is a folder here that fills this in,
 * and a line in table.ts.
 */
import type { Places } from '@vssm/backend-cpu';
import type { PruningPlan, SignalSource, Weights } from '@vssm/core';
import type { TrainableSpec } from '@vssm/families';
import type { ProjectionSet } from '@vssm/graph';
import type { Arena, Kernels } from '@vssm/kernels';
import type { Trace } from './autodiff/trace.ts';
import type { Buffers } from './engine/buffers.ts';
import type { FlatParameters, WeightNames } from './engine/flat-parameters.ts';
import type { Parameters64, ReferenceGradient, ReferenceImages } from './reference/gradients.ts';

/** What happens to the tokens between a scan and the following segment. */
export type Selection =
  | { readonly kind: 'all' }
  /** Rows `kept` [rows after] go on. */
  | { readonly kind: 'gather'; readonly rowsAfter: number }
  /** Rows are multiplied by `live` [rows, 1]. */
  | { readonly kind: 'mask' };

/** The tokens of a block before the last one as they leave it, for a head that reads whole grids. */
export interface LeavingStream {
  readonly block: number;
  /** Tokens of all images. */
  readonly rows: number;
  /** Whether some of them go no further. */
  readonly prunes: boolean;
}

/** The last segment's shape. */
export interface HeadShape {
  readonly rows: number;
  /** Images. */
  readonly batch: number;
  readonly selection: Selection;
  /** Tokens of each image that live after the selection. */
  readonly tokens: number;
  /** Of the sum of the images' losses. */
  readonly scale: number;
  /** Of the blocks before the last one, where the head reads whole grids. */
  readonly streams: readonly LeavingStream[];
}

/**
 * A model cut at its scans: the dense parts between two scans as traces, with weights as inputs, so that one session
 * serves every block of the same length. Rows are tokens of all images of a micro-batch.
 *
 *     embed ─ xz ┬─ conv ─ u ─ projections ─ Δ, B, C ─ scan ─ ssm, gate ─ y ─┐
 *                │                                                          │
 *                └──────── next: (select), out_proj, add, norm, in_proj ◀───┘   (after the last block: head)
 */
export interface SegmentTraces<Spec> {
  /** patches → next_residual [rows, d] and xz [rows, 2E] of the first block, and the statistics */
  embed(spec: Spec, batch: number): Trace;
  /**
   * u of each set → projected [rows, r + 2N] and delta [rows, E] of each.
   *
   * @param passing adds outputs `passed_<set>`, u itself, so that the gradient can start there too
   */
  projections(spec: Spec, rows: number, passing: boolean): Trace;
  /**
   * y, residual → next_residual and xz of the next block
   *
   * @param leaves adds an output `leaving`, the tokens of all rows before the selection
   */
  next(spec: Spec, rows: number, selection: Selection, leaves: boolean): Trace;
  /** y, residual, target → logits and loss */
  head(spec: Spec, shape: HeadShape): Trace;
}

/** The weights that each segment reads: inputs of its trace, and, as `d_<name>`, outputs of its gradient. */
export interface SegmentWeights {
  readonly embed: WeightNames;
  projections(block: number): WeightNames;
  /** Of the segment between a block and the next. */
  next(block: number): WeightNames;
  readonly head: WeightNames;
  /** Outputs of `embed` that are statistics of the micro-batch, by their buffers. */
  readonly statistics: WeightNames;
}

/** A block's tokens. */
export interface BlockJob {
  readonly block: number;
  /** Tokens of each image. */
  readonly length: number;
  /** Whether the convolution's taps, and the scan's gaps, go by positions. */
  readonly positionalTaps: boolean;
  readonly gaps: boolean;
}

export interface MixingParts<Spec> {
  readonly spec: Spec;
  readonly plan: PruningPlan;
  /** Images. */
  readonly batch: number;
  /** Tokens of each block. */
  readonly lengths: readonly number[];
  readonly arena: Arena;
  readonly kernels: Kernels;
  readonly buffers: Buffers;
  readonly parameters: FlatParameters;
  readonly gradients: FlatParameters;
}

/** What the kernels do of a block, forward and backward, and what they hand out to the plan's rule. */
export interface Mixing {
  /** Recomputes what is derived from parameters. */
  parametersChanged(): void;
  /** Tells the kernels where a block's tokens stand. */
  arrange(block: number, places: Places): void;
  /** xz → u of each set */
  convolve(job: BlockJob): void;
  /**
   * u, delta, projected → ssm, and y, the gated sum.
   *
   * @param scored whether `source` is asked next, for the plan's rule
   */
  scan(job: BlockJob, scored: boolean): void;
  /** Signals of one image of the micro-batch, of the block that was scanned last. */
  source(job: BlockJob, image: number): SignalSource;
  /** ssm, z → y */
  gate(job: BlockJob): void;
  /** dY → the z half of dXz; dDelta, dProjected and the scan's part of dU of each set; parameters. */
  scanBackward(job: BlockJob): void;
  /** dU of each set → the x half of dXz; parameters. */
  convBackward(job: BlockJob): void;
}

export interface TrainingFamily<Spec extends TrainableSpec> {
  /** @throws UserError for shapes that its gradients do not take */
  check(spec: Spec): void;
  /** Rows and columns of an image as `embed` reads it. */
  inputShape(spec: Spec): readonly [rows: number, columns: number];
  /**
   * What the first convolution multiplies, row by row.
   *
   * @param image normalised pixels [C, H, W]
   */
  inputOf(spec: Spec, image: ArrayLike<number>): Float32Array;
  /** As in the family's graphs. */
  readonly projectionSets: readonly ProjectionSet[];
  /** Whether a masked token would fill again in the next block, so that every block masks. */
  readonly refillsMasked: boolean;
  readonly segments: SegmentTraces<Spec>;
  /** Random weights as a training begins with, from those of the scale of Mamba's initialisation. */
  fresh(weights: Weights): Weights;
  weights(spec: Spec): SegmentWeights;
  mixing(parts: MixingParts<Spec>): Mixing;
  /** Loss and gradient in float64, in training mode: the oracle of all this. */
  reference(
    spec: Spec,
    parameters: Parameters64,
    plan: PruningPlan,
    images: ReferenceImages,
  ): ReferenceGradient;
}
