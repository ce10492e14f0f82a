/**
 * Between the kept tokens and the full sequence they were chosen from: for layers that must see where every
 * token stood, which are the convolutions.
 */
import type { GraphBuilder, Value } from '../onnx/builder.ts';
import { batchOf, range } from './layers.ts';

export interface TokenGrid {
  /** [B, K, C] → [B, L0, C], zeros where no token is left. */
  spread(x: Value): Value;
  /** [B, L0, C] → [B, K, C] */
  collect(x: Value): Value;
}

/**
 * @param positions [B, K] int64, each token's place in the full sequence
 * @param full L0
 */
export function tokenGrid(g: GraphBuilder, positions: Value, kept: number, full: number): TokenGrid {
  /** For every place of the full sequence, which token stands there; `kept`, a zero row, if none. */
  const tokenAt = memoized(() => {
    const shape = (length: number) =>
      g.op('Concat', [batchOf(g, positions), g.ints([length])], { attributes: { axis: 0 } });
    const nobody = g.op('Expand', [g.ints(kept), shape(full)]);
    const numbers = g.op('Expand', [range(g, kept), shape(kept)]);
    return g.op('ScatterElements', [nobody, positions, numbers], { attributes: { axis: 1 } });
  });
  return {
    spread: (x) => gatherTokens(g, g.op('Pad', [x, g.ints([0, 0, 0, 0, 1, 0])]), tokenAt()),
    collect: (x) => gatherTokens(g, x, positions),
  };
}

/** Rows of x [B, L, C] at indices [B, K] → [B, K, C] */
export function gatherTokens(g: GraphBuilder, x: Value, indices: Value): Value {
  return g.op('GatherND', [x, g.op('Unsqueeze', [indices, g.ints([2])])], { attributes: { batch_dims: 1 } });
}

/** `make`'s nodes are added once, when they are first needed. */
export function memoized(make: () => Value): () => Value {
  let value: Value | undefined;
  return () => {
    value ??= make();
    return value;
  };
}

/** rows[:, i] - rows[:, i-1] - 1 for the second column on, as float32: [B, K] rising int64 → [B, K - 1] */
export function stepsBetween(g: GraphBuilder, rising: Value, length: number): Value {
  const slice = (first: number, end: number) =>
    g.op('Slice', [rising, g.ints([first]), g.ints([end]), g.ints([1])]);
  const steps = g.op('Sub', [g.op('Sub', [slice(1, length), slice(0, length - 1)]), g.ints(1)]);
  return g.op('Cast', [steps], { attributes: { to: 1 } });
}
