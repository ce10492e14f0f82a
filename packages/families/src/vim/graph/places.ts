/**
 * Where the tokens of a pruned sequence stand: their positions in the unpruned one, and what follows for the
 * convolution (its taps read original neighbours) and for the scan (gaps). Before the first pruning step every
 * token stands in its own place and nothing of this costs a node.
 */
import type { Direction } from '@vssm/core';
import {
  type GraphBuilder,
  memoized,
  stepsBetween,
  type TokenGrid,
  tokenGrid,
  type Value,
} from '@vssm/graph';

/** `spread` and `collect` lie around the convolution: to the full sequence and back, or neither. */
export interface TokenPlaces extends TokenGrid {
  /** Number of tokens in the sequence. */
  readonly length: number;
  /** [B, L] int64; undefined while every token stands in its own place. */
  readonly positions?: Value;
  /** Pruned tokens stepped over before each kept one, [B, L, 1] float32; undefined where there are none. */
  gaps(direction: Direction): Value | undefined;
}

const asTheyAre: TokenGrid = { spread: (x) => x, collect: (x) => x };

export function unprunedPlaces(length: number): TokenPlaces {
  return { ...asTheyAre, length, gaps: () => undefined };
}

/**
 * @param positions [B, L] int64, rising
 * @param full L0
 * @param positional whether the convolution's taps read original neighbours
 */
export function prunedPlaces(
  g: GraphBuilder,
  positions: Value,
  length: number,
  full: number,
  positional: boolean,
): TokenPlaces {
  const steps = memoized(() => stepsBetween(g, positions, length));
  const padded = (pads: readonly number[]) =>
    memoized(() => g.op('Unsqueeze', [g.op('Pad', [steps(), g.ints(pads)]), g.ints([2])]));
  const gaps = { forward: padded([0, 1, 0, 0]), backward: padded([0, 0, 0, 1]) };
  return {
    ...(positional ? tokenGrid(g, positions, length, full) : asTheyAre),
    length,
    positions,
    gaps: (direction) => (length === 1 ? undefined : gaps[direction]()),
  };
}
