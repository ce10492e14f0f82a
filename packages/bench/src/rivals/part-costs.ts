/**
 * What each part of the segments form computes and moves, for one image; the formulas stand in each family's graph/part-costs.ts.
 *
 * Operations follow core's strict profile: 2 per multiply-add, 1 per other operation. The form does a little less
 * than that profile charges, and only what it does is counted here: after a pruning step the output projection
 * runs on K tokens, and after the last block on the class token alone.
 *
 * Bytes are those that cross a part's borders, float32: each input and each output once, and each parameter once
 * for a whole batch. What stays inside a part (the norm's result, the rank-r half of Δ) is not counted, nor is
 * what a cache saves or loses, so a part's intensity, operations / bytes, is the highest that it could have.
 */
import type { PruningPlan } from '@vssm/core';
import {
  type ModelSpec,
  type SegmentPart,
  sequenceLength,
  tokenCounts,
  tokensPerBlock,
} from '@vssm/families';
import { graphsOf } from '@vssm/families/graph';

export interface PartCost {
  /** Tokens that enter the part. */
  readonly tokens: number;
  /** Strict operations of one image. */
  readonly flops: number;
  /** Bytes of one image. */
  readonly bytes: number;
}

const bytesPerValue = 4;

/**
 * @param block 1-based
 * @param batch images that share one reading of the parameters
 */
export function partCost(
  spec: ModelSpec,
  plan: PruningPlan,
  part: SegmentPart,
  block: number,
  batch: number,
): PartCost {
  const lengths = lengthsAround(spec, plan, block);
  const { tokens, flops, values, parameters } = graphsOf(spec).partCost(spec, plan, part, block, lengths);
  return { tokens, flops, bytes: bytesPerValue * (values + parameters / batch) };
}

/** Tokens that enter a block, and that leave it. */
function lengthsAround(spec: ModelSpec, plan: PruningPlan, block: number): readonly [number, number] {
  const full = sequenceLength(spec);
  if (plan.alignment === 'mask') return [full, full];
  const entering = tokensPerBlock(spec, plan);
  const last = tokenCounts(spec, plan).at(-1)!;
  return [entering[block - 1], entering[block] ?? last];
}
