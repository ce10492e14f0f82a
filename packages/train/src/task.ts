/**
 * What a model is trained to say: what its head reads of the blocks, and what the loss is of what it answers. The engine
 * knows no more of a task than this.
 */
import type { PruningPlan } from '@vssm/core';
import type { TrainableSpec } from '@vssm/families';
import type { Trace } from './autodiff/trace.ts';
import type { WeightNames } from './engine/flat-parameters.ts';
import type { HeadShape, LeavingStream } from './family.ts';
import type { Parameters64, ReferenceGradient, ReferenceImages } from './reference/gradients.ts';

export interface TrainingTask {
  /** What comes before the head. */
  readonly backbone: TrainableSpec;
  readonly classes: number;
  /** Answers to an image: one, or one a pixel. */
  readonly answers: number;
  /**
   * Blocks, from 0 and rising, whose whole grid the head reads as they leave it; the last one is among them. Empty: it
   * reads what the last block lets go on. A pruned cell holds its token as it last was.
   */
  readonly taps: readonly number[];
  /** Streams (see streamNames), target [answers of all images, classes] → logits and loss, and the statistics */
  head(shape: HeadShape): Trace;
  readonly headWeights: WeightNames;
  readonly headStatistics: WeightNames;
  /** Loss and gradient in float64, in training mode. */
  reference(parameters: Parameters64, plan: PruningPlan, images: ReferenceImages): ReferenceGradient;
}

/** Inputs of a head that reads whole grids. */
export const streamNames = {
  /** Tokens of a block as they leave it, before a step there, [rows, d] */
  leaving: (block: number) => `leaving_${block}`,
  /** Rows of the tap's cells in its streams, one under another, [B · cells] */
  cells: (tap: number) => `cells_${tap}`,
} as const;

/** The streams in which a tap's cells lie: those that lost tokens before it, and its own. */
export function streamsOf<Stream extends Pick<LeavingStream, 'block' | 'prunes'>>(
  streams: readonly Stream[],
  tap: number,
): readonly Stream[] {
  return streams.filter(({ block, prunes }) => block === tap || (prunes && block < tap));
}

/** Blocks before the last one whose streams a head reads under a plan, rising, and whether they prune. */
export function leavingBlocks(
  { taps, backbone }: Pick<TrainingTask, 'taps' | 'backbone'>,
  { schedule }: PruningPlan,
): readonly Omit<LeavingStream, 'rows'>[] {
  if (taps.length === 0) return [];
  return Array.from({ length: backbone.depth - 1 }, (_, block) => ({
    block,
    prunes: schedule.some(({ after }) => after === block + 1),
  })).filter(({ block, prunes }) => prunes || taps.includes(block));
}
