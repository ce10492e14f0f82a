/**
 * Selection between two segments: signals in, kept tokens out. Everything per image and in plain TypeScript; a
 * few hundred scores cost nothing beside a block.
 */
import type { BlockContributions } from '@vssm/backend';
import { type GridSides, indicesAmong, type PruningPlan, ruleOf, type SignalSource } from '@vssm/core';
import {
  type Choice,
  chooseTokens,
  classContributions,
  importance,
  livePositions,
  type Merging,
  reduceTokens,
} from '@vssm/core/reference';
import { countRule, type ModelSpec, sequenceLength, tokenGrid, tokenLayout } from '@vssm/families';

/** Where the tokens of the images of a chunk stand; all images have the same number of tokens. */
export interface Places {
  /** Tokens in each image's sequence. */
  readonly length: number;
  /** Positions of each image's tokens, [length] each. */
  readonly positions: readonly Int32Array[];
  /** Indices of each image's protected tokens in its sequence, rising; none in some families. */
  readonly protectedTokens: readonly Int32Array[];
  /** Under `mask`: 1 where a token lives. */
  readonly live?: readonly Uint8Array[];
  /** How many tokens of the unpruned sequence each one stands for; absent while each stands for itself. */
  readonly sizes?: readonly Int32Array[];
  /** Where a rule has left a smaller full grid, in whose order the tokens stand; the same in all images. */
  readonly grid?: GridSides;
}

export interface Selection {
  /** Indices into the current sequence, in their new order, [B] of [K]. */
  readonly chosen: readonly Int32Array[];
  readonly places: Places;
  /** Positions of the kept tokens, [B] of [K]. */
  readonly kept: readonly Int32Array[];
  /** Where those that leave go, of each image; absent where they are dropped. */
  readonly merging?: readonly Merging[];
}

/** Where the tokens of a batch are before any step: every position, in order. */
export function unprunedPlaces(spec: ModelSpec, batch: number): Places {
  const length = sequenceLength(spec);
  const positions = Int32Array.from({ length }, (_, position) => position);
  const protectedTokens = Int32Array.from(tokenLayout(spec).protectedTokens);
  return {
    length,
    positions: Array(batch).fill(positions),
    protectedTokens: Array(batch).fill(protectedTokens),
  };
}

/**
 * Scores of each image's tokens by the plan's rule, or pairs: what must be read while the signals are there.
 *
 * @param source signals of one image of the chunk, tokens in their current places
 * @param samples stable index of each image in its data set
 * @returns of each image, what makes the choice of it
 */
export function scoreImages(
  spec: ModelSpec,
  plan: PruningPlan,
  step: number,
  { positions, protectedTokens, live, sizes, grid }: Places,
  source: (image: number) => SignalSource,
  samples: readonly number[],
): readonly (() => Choice)[] {
  const fullLength = sequenceLength(spec);
  const scores = ruleOf(plan).score !== undefined;
  const rule = countRule(spec, plan);
  return positions.map((own, image) => {
    const tokens = {
      positions: own,
      ...(live !== undefined && { live: live[image] }),
      ...(sizes !== undefined && { sizes: sizes[image] }),
      ...(grid !== undefined && { grid }),
    };
    const exempt = protectedTokens[image];
    const place = {
      ...{ spec, step, sample: samples[image], fullLength, protectedTokens: exempt },
      ...(exempt.length === 0 && { grid: tokenGrid(spec) }),
    };
    if (scores) {
      const ranked = importance(plan, place, source(image), tokens);
      return () => chooseTokens(plan, step, ranked, tokens, rule, place.protectedTokens);
    }
    const choice = reduceTokens(plan, place, source(image), tokens, rule);
    return () => choice;
  });
}

/**
 * What the classifier reads of each image's tokens in the block that has just run.
 *
 * @param block 1-based
 * @param source see `scoreImages`
 */
export function readImages(
  spec: ModelSpec,
  block: number,
  { positions, protectedTokens, live, length }: Places,
  source: (image: number) => SignalSource,
  samples: readonly number[],
): BlockContributions {
  const fullLength = sequenceLength(spec);
  const scores = new Float32Array(positions.length * length);
  for (const [image, own] of positions.entries()) {
    const tokens = { positions: own, ...(live !== undefined && { live: live[image] }) };
    const place = { spec, sample: samples[image], fullLength, protectedTokens: protectedTokens[image] };
    scores.set(classContributions(place, block, source(image), tokens), image * length);
  }
  return { scores, positions: concatenate(positions) };
}

/** @param scored of each image; see `scoreImages` */
export function select(
  { alignment }: PruningPlan,
  { protectedTokens }: Places,
  scored: readonly (() => Choice)[],
): Selection {
  const choices = scored.map((choose) => choose());
  const chosen = choices.map((choice) => choice.chosen);
  const kept = choices.map((choice) => livePositions(choice.kept));
  const { length } = choices[0].kept.positions;
  const own = <T>(of: (choice: Choice) => T | undefined) => choices.map(of) as T[];
  return {
    chosen,
    kept,
    ...(choices[0].merging !== undefined && { merging: own(({ merging }) => merging) }),
    places: {
      length,
      positions: choices.map((choice) => choice.kept.positions),
      protectedTokens:
        alignment === 'mask'
          ? protectedTokens
          : chosen.map((tokens, image) => indicesAmong(tokens, protectedTokens[image])),
      ...(choices[0].kept.live !== undefined && { live: own((choice) => choice.kept.live) }),
      ...(choices[0].kept.grid !== undefined && { grid: choices[0].kept.grid }),
      ...(choices[0].kept.sizes !== undefined && { sizes: own((choice) => choice.kept.sizes) }),
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
