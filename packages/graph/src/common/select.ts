/**
 * The pruning step inside a graph, as far as both families share it: signal → score → TopK, with the number of
 * kept tokens fixed and the tokens themselves chosen at run time. TopK returns the lowest index among equals,
 * which is the lowest position.
 */
import { type ReductionName, reductionTable } from '@vssm/core';
import type { GraphBuilder, Value } from '../onnx/builder.ts';
import type { EmitContext } from './context.ts';
import { batchOf, range } from './layers.ts';

/** [B, L, E] → [B, L], as core's table of reductions says. */
export function reduceSignal(g: GraphBuilder, signal: Value, reduction: ReductionName): Value {
  const { before, reduce } = reductionTable[reduction].onnx;
  const value = before.reduce((input, operator) => g.op(operator, [input]), signal);
  return g.op(reduce, [value, g.ints([2])], { attributes: { keepdims: 0 } });
}

/** The dot product of every token's signal with a query: [B, L, E] and [B, 1, E] → [B, L] */
export function similarityTo(g: GraphBuilder, query: Value, signal: Value): Value {
  return sumOverChannels(g, g.op('Mul', [signal, query]));
}

function sumOverChannels(g: GraphBuilder, value: Value): Value {
  return g.op('ReduceSum', [value, g.ints([2])], { attributes: { keepdims: 0 } });
}

/**
 * The scores that the `random` signal draws for a step, [B, K].
 *
 * @param positions [B, K] int64; undefined while every token stands in its own place
 */
export function randomScoresOf(
  { g, randomScores }: Pick<EmitContext<unknown>, 'g' | 'randomScores'>,
  step: number,
  positions: Value | undefined,
): Value {
  if (randomScores === undefined) throw new Error('the random signal needs its scores as an input');
  const all = g.op('Gather', [randomScores, g.ints(step)], { attributes: { axis: 1 } });
  return positions === undefined ? all : elementsAt(g, all, positions);
}

/** values [B, L] at indices [B, K] → [B, K] */
export function elementsAt(g: GraphBuilder, values: Value, indices: Value): Value {
  return g.op('GatherElements', [values, indices], { attributes: { axis: 1 } });
}

/**
 * Scores with -∞ for tokens that are gone.
 *
 * @param live 1 where a token lives, [B, L] float32; undefined where all do
 */
export function amongLive(g: GraphBuilder, scores: Value, live: Value | undefined): Value {
  if (live === undefined) return scores;
  return g.op('Where', [g.op('Greater', [live, g.scalar(0)]), scores, g.scalar(-Infinity)]);
}

/** Indices of the `count` best scores in rising order, [B, count] int64; lowest index first among equals. */
export function best(g: GraphBuilder, scores: Value, count: number): Value {
  const [, indices] = g.ops('TopK', [scores, g.ints([count])], 2, { attributes: { axis: 1, largest: 1 } });
  const [rising] = sorted(g, indices, count);
  return rising;
}

/** [B, count] in rising order, and where each value stood before: [B, count] int64. */
export function sorted(g: GraphBuilder, values: Value, count: number): [values: Value, indices: Value] {
  const [rising, indices] = g.ops('TopK', [values, g.ints([count])], 2, {
    attributes: { axis: 1, largest: 0 },
  });
  return [rising, indices];
}

/** indices [B, K] → 1 at those of `length` places, else 0, [B, length] float32 */
export function liveMask(g: GraphBuilder, indices: Value, length: number): Value {
  const numbers = g.op('Reshape', [range(g, length), g.ints([1, 1, length])]);
  const hits = g.op('Equal', [g.op('Unsqueeze', [indices, g.ints([2])]), numbers]);
  const ones = g.op('Cast', [hits], { attributes: { to: 1 } });
  return g.op('ReduceMax', [ones, g.ints([1])], { attributes: { keepdims: 0 } });
}

/** Tokens [B, L, C] that are gone, by live [B, L], become zero. */
export function zeroGone(g: GraphBuilder, tokens: Value, live: Value): Value {
  return g.op('Mul', [tokens, g.op('Unsqueeze', [live, g.ints([2])])]);
}

/** 1 for every token: [B, length] float32. */
export function everyToken(g: GraphBuilder, like: Value, length: number): Value {
  const shape = g.op('Concat', [batchOf(g, like), g.ints([length])], { attributes: { axis: 0 } });
  return g.op('Expand', [g.scalar(1), shape]);
}
