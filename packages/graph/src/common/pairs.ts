/**
 * Pairs of tokens inside a graph, and merging: who leaves and whom it joins, by the rules of core's pruning/rules. How
 * many leave is fixed, so every list has a static length. All lists of tokens are indices [B, …] int64.
 */
import type { Operation, StreamName } from '@vssm/core';
import type { GraphBuilder, Value } from '../onnx/builder.ts';
import { gatherTokens } from './grid.ts';
import { range, swapLastAxes } from './layers.ts';
import { best, elementsAt, liveMask } from './select.ts';

export interface GraphPairs {
  /** [B, r] each, the surest first. */
  readonly from: Value;
  readonly to: Value;
  /** r */
  readonly count: number;
}

/** Some of the tokens. */
export interface TokenSet {
  /** [B, count], rising. */
  readonly tokens: Value;
  readonly count: number;
}

/** Those where `marks` [B, L] float32 is 1, `count` of them in every image. */
export function marked(g: GraphBuilder, marks: Value, count: number): TokenSet {
  return { tokens: best(g, marks, count), count };
}

/** marks [B, L] with 0 at the tokens of a set. */
export function unmark(g: GraphBuilder, marks: Value, { tokens }: TokenSet, length: number): Value {
  return g.op('Sub', [marks, g.op('Mul', [marks, liveMask(g, tokens, length)])]);
}

/** The `count` best by scores [B, L] of those that are marked; of equals the first. */
export function bestOf(g: GraphBuilder, scores: Value, marks: Value, count: number): TokenSet {
  const among = g.op('Where', [g.op('Greater', [marks, g.scalar(0)]), scores, g.scalar(-Infinity)]);
  return { tokens: best(g, among, count), count };
}

/** Every other one, from the first or from the second. */
export function everyOther(g: GraphBuilder, { tokens, count }: TokenSet, first: 0 | 1): TokenSet {
  const own = g.op('Slice', [tokens, g.ints([first]), g.ints([count]), g.ints([1]), g.ints([2])]);
  return { tokens: own, count: Math.floor((count + 1 - first) / 2) };
}

/**
 * The `count` sources that are most similar to a target, each with the most similar one: cosine of rows [B, L, w].
 */
export function links(
  g: GraphBuilder,
  rows: Value,
  sources: TokenSet,
  targets: TokenSet,
  count: number,
): GraphPairs {
  const [from, to] = [sources, targets].map(({ tokens }) => unitRows(g, gatherTokens(g, rows, tokens)));
  const similarities = g.op('MatMul', [from, swapLastAxes(g, to)]);
  const most = g.op('ReduceMax', [similarities, g.ints([2])], { attributes: { keepdims: 0 } });
  const nearest = g.op('ArgMax', [similarities], { attributes: { axis: 2, keepdims: 0 } });
  const [, surest] = g.ops('TopK', [most, g.ints([count])], 2, { attributes: { axis: 1, largest: 1 } });
  return {
    from: elementsAt(g, sources.tokens, surest),
    to: elementsAt(g, targets.tokens, elementsAt(g, nearest, surest)),
    count,
  };
}

/** A row of zeros stays one. */
function unitRows(g: GraphBuilder, rows: Value): Value {
  const lengths = g.op('ReduceL2', [rows, g.ints([2])], { attributes: { keepdims: 1 } });
  return g.op('Div', [rows, g.op('Max', [lengths, g.scalar(1e-30)])]);
}

/** The mean of values of one shape. */
export function meanOf(g: GraphBuilder, [first, ...others]: readonly Value[]): Value {
  if (others.length === 0) return first;
  const sum = others.reduce((total, value) => g.op('Add', [total, value]), first);
  return g.op('Mul', [sum, g.scalar(1 / (1 + others.length))]);
}

/** What joins every token of `length`: [B, L, r], 1 where pair i goes to token t. */
function joining(g: GraphBuilder, to: Value, length: number): Value {
  const numbers = g.op('Reshape', [range(g, length), g.ints([1, length, 1])]);
  const hits = g.op('Equal', [g.op('Unsqueeze', [to, g.ints([1])]), numbers]);
  return g.op('Cast', [hits], { attributes: { to: 1 } });
}

/** Sizes [B, L] float32 after a step; of those that leave as before. */
export function joinedSizes(g: GraphBuilder, sizes: Value, { from, to }: GraphPairs, length: number): Value {
  const own = g.op('Unsqueeze', [elementsAt(g, sizes, from), g.ints([2])]);
  const sum = g.op('MatMul', [joining(g, to, length), own]);
  return g.op('Add', [sizes, g.op('Squeeze', [sum, g.ints([2])])]);
}

/**
 * Rows of a stream [B, L, C] with what joins them; of those that leave as before. See core's `combination`.
 *
 * @param sizes [B, L] float32, before the step
 */
export function mergedRows(
  g: GraphBuilder,
  operation: Exclude<Operation, 'drop'>,
  stream: StreamName,
  rows: Value,
  pairs: GraphPairs,
  sizes: Value,
  length: number,
): Value {
  const column = (value: Value) => g.op('Unsqueeze', [value, g.ints([2])]);
  const joined = ({ from, to }: GraphPairs, value: Value) =>
    g.op('Add', [value, g.op('MatMul', [joining(g, to, length), gatherTokens(g, value, from)])]);
  switch (operation) {
    case 'merge-sum':
      return joined(pairs, rows);
    case 'merge': {
      const weighted = joined(pairs, g.op('Mul', [rows, column(sizes)]));
      // Under a mask the sizes of what is gone are 0, as are its rows.
      const total = g.op('Max', [joinedSizes(g, sizes, pairs, length), g.scalar(1)]);
      return g.op('Div', [weighted, column(total)]);
    }
    case 'half': {
      const own = stream === 'residual' ? pairs : surerHalf(g, pairs);
      const members = g.op('Add', [
        g.op('ReduceSum', [joining(g, own.to, length), g.ints([2])], { attributes: { keepdims: 1 } }),
        g.scalar(1),
      ]);
      return g.op('Div', [joined(own, rows), members]);
    }
    default:
      throw operation satisfies never;
  }
}

function surerHalf(g: GraphBuilder, { from, to, count }: GraphPairs): GraphPairs {
  const half = Math.ceil(count / 2);
  const first = (value: Value) => g.op('Slice', [value, g.ints([0]), g.ints([half]), g.ints([1])]);
  return { from: first(from), to: first(to), count: half };
}
