/**
 * Where the tokens of a PlainMamba stand on the grid, and what follows for its four snakes: in which order each
 * visits them, by which move it enters each one's cell, and how many pruned cells it has stepped over. Before the
 * first pruning step all of this is constant; afterwards it is computed from the kept positions.
 */
import { type GridSides, type ScanOrder, snakeOrders } from '@vssm/core';
import {
  type GraphBuilder,
  gatherTokens,
  memoized,
  sorted,
  stepsBetween,
  type TokenGrid,
  tokenGrid,
  type Value,
} from '@vssm/graph';
import { type PlainMambaSpec, plainMambaGrid } from '../spec.ts';

/** `spread` and `collect` lie between the tokens and the full grid in raster order. */
export interface GridPlaces extends TokenGrid {
  /** Number of tokens in the sequence. */
  readonly length: number;
  /** The model's grid, or a smaller one that the tokens fill. */
  readonly grid: GridSides;
  /** [B, K] int64, rising; undefined while every token is there. */
  readonly positions?: Value;
  /** One per direction. */
  readonly snakes: readonly Snake[];
}

export interface Snake {
  /** Tokens [B, K, C] in position order → in the order of the visit. */
  along(tokens: Value): Value;
  /** Back to position order. */
  inPlace(tokens: Value): Value;
  /** The move into the cell of each step, [K] or [B, K] int64. */
  readonly moves: Value;
  /** Pruned cells stepped over before each step, [B, K, 1] float32; undefined where there are none. */
  readonly gaps: (() => Value) | undefined;
}

/** Of tokens that fill a grid. */
export function fullGrid(g: GraphBuilder, grid: GridSides): GridPlaces {
  const { height, width } = grid;
  const gather = (tokens: Value, order: Int32Array) =>
    g.op('Gather', [tokens, g.ints([...order])], { attributes: { axis: 1 } });
  return {
    ...{ length: height * width, grid },
    spread: (x) => x,
    collect: (x) => x,
    snakes: snakeOrders(height, width).map(({ cells, ranks, moves }) => ({
      along: (tokens) => gather(tokens, cells),
      inPlace: (tokens) => gather(tokens, ranks),
      moves: g.ints([...moves]),
      gaps: undefined,
    })),
  };
}

/** @param positions [B, K] int64, rising: raster indices of the kept cells */
export function keptCells(
  g: GraphBuilder,
  spec: PlainMambaSpec,
  positions: Value,
  length: number,
): GridPlaces {
  const { height, width } = plainMambaGrid(spec);
  return {
    ...tokenGrid(g, positions, length, height * width),
    ...{ length, grid: { height, width } },
    positions,
    snakes: snakeOrders(height, width).map((full) => keptSnake(g, full, positions, length)),
  };
}

/** The kept tokens in the order of their ranks along the full snake; see keptOrder in core. */
function keptSnake(g: GraphBuilder, full: ScanOrder, positions: Value, length: number): Snake {
  const ranks = g.op('Gather', [g.ints([...full.ranks]), positions]);
  const [rising, order] = sorted(g, ranks, length);
  const inverse = memoized(() => sorted(g, order, length)[1]);
  const gaps = memoized(() => {
    const first = g.op('Pad', [stepsBetween(g, rising, length), g.ints([0, 1, 0, 0])]);
    return g.op('Unsqueeze', [first, g.ints([2])]);
  });
  return {
    along: (tokens) => gatherTokens(g, tokens, order),
    inPlace: (tokens) => gatherTokens(g, tokens, inverse()),
    moves: g.op('Gather', [g.ints([...full.moves]), rising]),
    gaps: length === 1 ? undefined : gaps,
  };
}
