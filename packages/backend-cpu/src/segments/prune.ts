/**
 * Selection between two segments: signals in, kept tokens out. Everything per image and in plain TypeScript; a
 * few hundred scores cost nothing beside a block.
 */
import { indicesAmong, keptCount, type PruningPlan, type SignalSource, selectTokens } from '@vssm/core';
import { importance } from '@vssm/core/reference';
import { countRule, type ModelSpec, sequenceLength, tokenLayout } from '@vssm/families';

/** Where the tokens of the images of a chunk stand; all images have the same number of tokens. */
export interface Places {
  /** Tokens in each image's sequence. */
  readonly length: number;
  /** Tokens alive in each; less than `length` under `mask` only. */
  readonly liveCount: number;
  /** Positions of each image's tokens, [length] each. */
  readonly positions: readonly Int32Array[];
  /** Indices of each image's protected tokens in its sequence, rising; none in some families. */
  readonly protectedTokens: readonly Int32Array[];
  /** Under `mask`: 1 where a token lives. */
  readonly live?: readonly Uint8Array[];
}

export interface Selection {
  /** Indices into the current sequence, in their new order, [B] of [K]. */
  readonly chosen: readonly Int32Array[];
  readonly places: Places;
  /** Positions of the kept tokens, [B] of [K]. */
  readonly kept: readonly Int32Array[];
}

/** Where the tokens of a batch are before any step: every position, in order. */
export function unprunedPlaces(spec: ModelSpec, batch: number): Places {
  const length = sequenceLength(spec);
  const positions = Int32Array.from({ length }, (_, position) => position);
  const protectedTokens = Int32Array.from(tokenLayout(spec).protectedTokens);
  return {
    length,
    liveCount: length,
    positions: Array(batch).fill(positions),
    protectedTokens: Array(batch).fill(protectedTokens),
  };
}

/**
 * Scores of each image's tokens, by the plan's rule.
 *
 * @param source signals of one image of the chunk, tokens in their current places
 * @param samples stable index of each image in its data set
 */
export function scoreImages(
  spec: ModelSpec,
  plan: PruningPlan,
  step: number,
  { positions, protectedTokens, live }: Places,
  source: (image: number) => SignalSource,
  samples: readonly number[],
): readonly ArrayLike<number>[] {
  const fullLength = sequenceLength(spec);
  return positions.map((own, image) => {
    const alive = live?.[image];
    const tokens = { positions: own, ...(alive !== undefined && { live: alive }) };
    const place = { spec, step, sample: samples[image], fullLength, protectedTokens: protectedTokens[image] };
    return importance(plan, place, source(image), tokens);
  });
}

/** @param scores of each image's tokens, [L] */
export function select(
  spec: ModelSpec,
  plan: PruningPlan,
  step: number,
  places: Places,
  scores: readonly ArrayLike<number>[],
): Selection {
  const { length, positions, protectedTokens, live } = places;
  const kept = keptCount(places.liveCount, plan.schedule[step].keep, countRule(spec, plan));
  const chosen = positions.map((own, image) => {
    const alive = live?.[image];
    const candidates = alive === undefined ? undefined : (token: number) => alive[token] === 1;
    return selectTokens(scores[image], own, protectedTokens[image], kept, plan.tokenOrder, candidates);
  });
  const keptPositions = chosen.map((tokens, image) => tokens.map((token) => positions[image][token]));
  if (plan.alignment === 'mask') {
    const masks = chosen.map((tokens) => {
      const mask = new Uint8Array(length);
      for (const token of tokens) mask[token] = 1;
      return mask;
    });
    return { chosen, kept: keptPositions, places: { ...places, liveCount: kept, live: masks } };
  }
  return {
    chosen,
    kept: keptPositions,
    places: {
      length: kept,
      liveCount: kept,
      positions: keptPositions,
      protectedTokens: chosen.map((tokens, image) => indicesAmong(tokens, protectedTokens[image])),
    },
  };
}

/** Positions of several images one after another. */
export function concatenate(parts: readonly Int32Array[]): Int32Array {
  const all = new Int32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
