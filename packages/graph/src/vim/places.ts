/**
 * Where the tokens of a pruned sequence stand: their positions in the unpruned one, and what follows for the
 * convolution (its taps read original neighbours) and for the scan (gaps). Before the first pruning step every
 * token stands in its own place and nothing of this costs a node.
 */
import type { Direction } from '@vssm/core';
import type { GraphBuilder, Value } from '../onnx/builder.ts';

export interface TokenPlaces {
  /** Number of tokens in the sequence. */
  readonly length: number;
  /** [B, L] int64; undefined while every token stands in its own place. */
  readonly positions?: Value;
  /** [B, L, E] → where the convolution runs: on the full grid with zeros at pruned places, or as it is. */
  spread(g: GraphBuilder, x: Value): Value;
  /** Back from there: [B, L0, E] → [B, L, E]. */
  collect(g: GraphBuilder, x: Value): Value;
  /** Pruned tokens stepped over before each kept one, [B, L, 1] float32; undefined where there are none. */
  gaps(g: GraphBuilder, direction: Direction): Value | undefined;
}

export function unprunedPlaces(length: number): TokenPlaces {
  return {
    length,
    spread: (_, x) => x,
    collect: (_, x) => x,
    gaps: () => undefined,
  };
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
  const cached = new Map<string, Value>();
  const once = (key: string, make: () => Value): Value => {
    const value = cached.get(key) ?? make();
    cached.set(key, value);
    return value;
  };
  const batch = () => once('batch', () => g.op('Shape', [positions], { attributes: { start: 0, end: 1 } }));

  /** For every place of the grid, which token of the sequence stands there; `length`, a zero row, if none. */
  const tokenAt = () =>
    once('tokenAt', () => {
      const nobody = g.op('Expand', [g.ints(length), shapeOf(g, batch(), full)]);
      const numbers = g.op('Expand', [range(g, length), shapeOf(g, batch(), length)]);
      const filled = g.op('ScatterElements', [nobody, positions, numbers], { attributes: { axis: 1 } });
      return g.op('Unsqueeze', [filled, g.ints([2])]);
    });

  const rows = (x: Value, indices: Value) =>
    g.op('GatherND', [x, indices], { attributes: { batch_dims: 1 } });

  const gapsAfterFirst = () =>
    once('steps', () => {
      const later = slice(g, positions, 1, length);
      const earlier = slice(g, positions, 0, length - 1);
      const steps = g.op('Sub', [g.op('Sub', [later, earlier]), g.ints(1)]);
      return g.op('Cast', [steps], { attributes: { to: 1 } });
    });

  return {
    length,
    positions,
    spread(_, x) {
      if (!positional) return x;
      const withZeroRow = g.op('Pad', [x, g.ints([0, 0, 0, 0, 1, 0])]);
      return rows(withZeroRow, tokenAt());
    },
    collect(_, x) {
      if (!positional) return x;
      return rows(
        x,
        once('indices', () => g.op('Unsqueeze', [positions, g.ints([2])])),
      );
    },
    gaps(_, direction) {
      if (length === 1) return undefined;
      return once(`gaps ${direction}`, () => {
        const pads = direction === 'forward' ? [0, 1, 0, 0] : [0, 0, 0, 1];
        return g.op('Unsqueeze', [g.op('Pad', [gapsAfterFirst(), g.ints(pads)]), g.ints([2])]);
      });
    },
  };
}

/** 0 … length-1 as int64 [length] */
export function range(g: GraphBuilder, length: number): Value {
  return g.ints(Array.from({ length }, (_, i) => i));
}

function shapeOf(g: GraphBuilder, batch: Value, length: number): Value {
  return g.op('Concat', [batch, g.ints([length])], { attributes: { axis: 0 } });
}

/** Columns first … end-1 of [B, L]. */
function slice(g: GraphBuilder, value: Value, first: number, end: number): Value {
  return g.op('Slice', [value, g.ints([first]), g.ints([end]), g.ints([1])]);
}
