/**
 * The pruning step inside a graph: score → TopK → Gather, with the number of kept tokens fixed and the tokens
 * themselves chosen at run time. TopK returns the lowest index among equals, which is the lowest position.
 */
import { classTokenPosition, keptCount, type Reduction, sequenceLength } from '@vssm/core';
import type { GraphBuilder, Value } from '../onnx/builder.ts';
import type { BlockContext, BlockOutput, Streams } from './block.ts';
import { prunedPlaces, range, type TokenPlaces } from './places.ts';
import { reverseTokens } from './scan.ts';

/** The sequence between two blocks. */
export interface Sequence extends Streams {
  readonly places: TokenPlaces;
  /** Under `mask`: 1 where a token lives, [B, L0] float32; undefined while all do. */
  readonly live?: Value;
  /** How many tokens live. */
  readonly liveCount: number;
  /** Index of the class token: a number where it is the same for every image, else [B, 1] int64. */
  readonly classToken: number | Value;
}

export interface PruneResult {
  readonly sequence: Sequence;
  /** Positions of the kept tokens in sequence order, [B, K] int64. */
  readonly kept: Value;
}

/**
 * @param step 0-based index within the schedule
 * @param randomScores [B, steps, L0] float32, present for the `random` signal
 */
export function prune(
  context: BlockContext,
  sequence: Sequence & { readonly hidden: Value },
  signals: BlockOutput['signals'],
  step: number,
  randomScores: Value | undefined,
): PruneResult {
  const { g, plan, spec } = context;
  const { places } = sequence;
  const kept = keptCount(sequence.liveCount, plan.schedule[step].keep, plan.countClassToken);
  const scores = importance(context, sequence, signals, step, randomScores);

  if (plan.alignment === 'mask') {
    const chosen = ascending(g, best(g, protect(g, scores, sequence, Infinity), kept), kept);
    const live = liveMask(g, chosen, places.length);
    const zeroed = (stream: Value) => g.op('Mul', [stream, g.op('Unsqueeze', [live, g.ints([2])])]);
    const { hidden, residual } = sequence;
    const masked = { hidden: zeroed(hidden), residual: zeroed(residual) };
    return { sequence: { ...sequence, ...masked, live, liveCount: kept }, kept: chosen };
  }

  const recentred = plan.tokenOrder === 'recentred';
  const chosen = recentred
    ? classTokenInTheMiddle(g, scores, sequence, kept)
    : ascending(g, best(g, protect(g, scores, sequence, Infinity), kept), kept);
  const positions =
    places.positions === undefined
      ? chosen
      : g.op('GatherElements', [places.positions, chosen], { attributes: { axis: 1 } });
  const indices = g.op('Unsqueeze', [chosen, g.ints([2])]);
  const gather = (stream: Value) => g.op('GatherND', [stream, indices], { attributes: { batch_dims: 1 } });
  return {
    sequence: {
      hidden: gather(sequence.hidden),
      residual: gather(sequence.residual),
      places: prunedPlaces(g, positions, kept, sequenceLength(spec), plan.conv === 'positional'),
      liveCount: kept,
      classToken: recentred ? (kept - 1) >> 1 : placeOf(g, positions, classTokenPosition(spec)),
    },
    kept: positions,
  };
}

/** Scores of the current sequence, [B, L]. */
function importance(
  { g, plan }: BlockContext,
  sequence: Sequence,
  signals: BlockOutput['signals'],
  step: number,
  randomScores: Value | undefined,
): Value {
  switch (plan.signal) {
    case 'random': {
      if (randomScores === undefined) throw new Error('the random signal needs its scores as an input');
      const all = g.op('Gather', [randomScores, g.ints(step)], { attributes: { axis: 1 } });
      const { positions } = sequence.places;
      return positions === undefined
        ? all
        : g.op('GatherElements', [all, positions], { attributes: { axis: 1 } });
    }
    case 'evit': {
      const own = classTokenRow(g, signals.gated, sequence);
      return sum(g, g.op('Mul', [signals.gated, own]));
    }
    case 'gated':
    case 'gated-backward':
    case 'ssm': {
      const scores = reduce(g, signals[plan.signal], plan.reduce);
      return plan.order === 'mirrored' ? reverseTokens(g, scores) : scores;
    }
    default:
      throw plan.signal satisfies never;
  }
}

/** [B, L, E] → [B, L] */
function reduce(g: GraphBuilder, signal: Value, reduction: Reduction): Value {
  switch (reduction) {
    case 'clip':
      return sum(g, g.op('Relu', [signal]));
    case 'sum':
      return sum(g, signal);
    case 'l1':
      return sum(g, g.op('Abs', [signal]));
    case 'l2':
      return g.op('ReduceL2', [signal, g.ints([2])], { attributes: { keepdims: 0 } });
    default:
      throw reduction satisfies never;
  }
}

function sum(g: GraphBuilder, value: Value): Value {
  return g.op('ReduceSum', [value, g.ints([2])], { attributes: { keepdims: 0 } });
}

/** Gives the class token the score `value`, and masked tokens -∞. */
function protect(
  g: GraphBuilder,
  scores: Value,
  { places, live, classToken }: Sequence,
  value: number,
): Value {
  const numbers = g.op('Unsqueeze', [range(g, places.length), g.ints([0])]);
  const index = typeof classToken === 'number' ? g.ints([classToken]) : classToken;
  const isClassToken = g.op('Equal', [numbers, index]);
  const candidates =
    live === undefined
      ? scores
      : g.op('Where', [g.op('Greater', [live, g.scalar(0)]), scores, g.scalar(-Infinity)]);
  return g.op('Where', [isClassToken, g.scalar(value), candidates]);
}

/** Indices of the `count` best scores, [B, count] int64, lowest index first among equals. */
function best(g: GraphBuilder, scores: Value, count: number): Value {
  const [, indices] = g.ops('TopK', [scores, g.ints([count])], 2, { attributes: { axis: 1, largest: 1 } });
  return indices;
}

/** [B, count] int64 in rising order. */
function ascending(g: GraphBuilder, indices: Value, count: number): Value {
  const [sorted] = g.ops('TopK', [indices, g.ints([count])], 2, { attributes: { axis: 1, largest: 0 } });
  return sorted;
}

/** The released code's order: the kept tokens with the class token moved between their halves. */
function classTokenInTheMiddle(g: GraphBuilder, scores: Value, sequence: Sequence, kept: number): Value {
  if (typeof sequence.classToken !== 'number') throw new Error('a re-centred class token has a fixed place');
  const own = g.op('Expand', [
    g.ints([sequence.classToken]),
    g.op('Concat', [batchOf(g, scores), g.ints([1])], { attributes: { axis: 0 } }),
  ]);
  if (kept === 1) return own;
  const others = ascending(g, best(g, protect(g, scores, sequence, -Infinity), kept - 1), kept - 1);
  const half = (kept - 1) >> 1;
  const [before, after] = g.ops('Split', [others, g.ints([half, kept - 1 - half])], 2, {
    attributes: { axis: 1 },
  });
  return g.op('Concat', [before, own, after], { attributes: { axis: 1 } });
}

/** indices [B, K] → 1 at those of `length` places, else 0, [B, length] float32 */
function liveMask(g: GraphBuilder, indices: Value, length: number): Value {
  const numbers = g.op('Reshape', [range(g, length), g.ints([1, 1, length])]);
  const hits = g.op('Equal', [g.op('Unsqueeze', [indices, g.ints([2])]), numbers]);
  const ones = g.op('Cast', [hits], { attributes: { to: 1 } });
  return g.op('ReduceMax', [ones, g.ints([1])], { attributes: { keepdims: 0 } });
}

/** Index at which `position` stands in positions [B, L], [B, 1] int64. */
function placeOf(g: GraphBuilder, positions: Value, position: number): Value {
  const hits = g.op('Cast', [g.op('Equal', [positions, g.ints([position])])], { attributes: { to: 6 } });
  return g.op('ArgMax', [hits], { attributes: { axis: 1, keepdims: 1 } });
}

/** The class token's row of [B, L, width] → [B, 1, width] */
export function classTokenRow(g: GraphBuilder, value: Value, { classToken }: Sequence): Value {
  if (typeof classToken === 'number') {
    return g.op('Gather', [value, g.ints([classToken])], { attributes: { axis: 1 } });
  }
  const indices = g.op('Unsqueeze', [classToken, g.ints([2])]);
  return g.op('GatherND', [value, indices], { attributes: { batch_dims: 1 } });
}

function batchOf(g: GraphBuilder, value: Value): Value {
  return g.op('Shape', [value], { attributes: { start: 0, end: 1 } });
}
