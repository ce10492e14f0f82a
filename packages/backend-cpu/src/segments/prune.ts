/**
 * Selection between two segments: scores in, kept tokens out. Everything per image and in plain TypeScript; a
 * few hundred scores cost nothing beside a block.
 */
import { keptCount, orderScores, type PruningPlan, randomScores, selectTokens } from '@vssm/core';
import { classTokenOf, countRule, type ModelSpec, sequenceLength } from '@vssm/families';

/** Where the tokens of the images of a chunk stand; all images have the same number of tokens. */
export interface Places {
  /** Tokens in each image's sequence. */
  readonly length: number;
  /** Tokens alive in each; less than `length` under `mask` only. */
  readonly liveCount: number;
  /** Positions of each image's tokens, [length] each. */
  readonly positions: readonly Int32Array[];
  /** Index of each image's class token in its sequence; absent in a family without one. */
  readonly classTokens?: readonly number[];
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

export function unprunedPlaces(spec: ModelSpec, batch: number): Places {
  const length = sequenceLength(spec);
  const positions = Int32Array.from({ length }, (_, position) => position);
  const classToken = classTokenOf(spec);
  return {
    length,
    liveCount: length,
    positions: Array(batch).fill(positions),
    ...(classToken !== null && { classTokens: Array(batch).fill(classToken) }),
  };
}

/**
 * @param scores [B, L] as the kernel wrote them; not read for the `random` signal
 * @param samples stable index of each image in its data set
 */
export function select(
  spec: ModelSpec,
  plan: PruningPlan,
  step: number,
  places: Places,
  scores: Float32Array,
  samples: readonly number[],
): Selection {
  const { length, positions, classTokens, live } = places;
  const kept = keptCount(places.liveCount, plan.schedule[step].keep, countRule(spec, plan));
  const chosen = positions.map((own, image) => {
    const imageScores =
      plan.signal === 'random'
        ? randomAt(spec, plan, samples[image], step, own)
        : ordered(plan, scores.subarray(image * length, (image + 1) * length));
    const alive = live?.[image];
    const candidates = alive === undefined ? undefined : (token: number) => alive[token] === 1;
    return selectTokens(imageScores, own, classTokens?.[image] ?? null, kept, plan.tokenOrder, candidates);
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
      ...(classTokens !== undefined && {
        classTokens: chosen.map((tokens, image) => tokens.indexOf(classTokens[image])),
      }),
    },
  };
}

function ordered(plan: PruningPlan, scores: Float32Array): ArrayLike<number> {
  const mirrors = plan.order === 'mirrored' && plan.signal !== 'evit';
  return mirrors ? orderScores(Float64Array.from(scores), 'mirrored') : scores;
}

function randomAt(
  spec: ModelSpec,
  plan: PruningPlan,
  sample: number,
  step: number,
  positions: Int32Array,
): Float32Array {
  const all = randomScores(plan.seed, sample, step, sequenceLength(spec));
  return Float32Array.from(positions, (position) => all[position]);
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
