/** The pruning step of Vim's blocks: the class token always stays, and both streams are gathered. */
import { keptCount, ruleFileError } from '@vssm/core';
import {
  amongLive,
  batchOf,
  best,
  type EmitContext,
  elementsAt,
  type GraphBuilder,
  gatherTokens,
  liveMask,
  randomScoresOf,
  range,
  reduceSignal,
  reverseTokens,
  similarityTo,
  type Value,
  zeroGone,
} from '@vssm/graph';
import { patchCount } from '../spec.ts';
import type { BidirectionalSpec, BidirectionalTraits } from '../traits.ts';
import type { BlockOutput, Streams } from './block.ts';
import { prunedPlaces, type TokenPlaces } from './places.ts';

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

/** @param step 0-based index within the schedule */
export function prune(
  traits: BidirectionalTraits,
  context: EmitContext<BidirectionalSpec>,
  sequence: Sequence & { readonly hidden: Value },
  signals: BlockOutput['signals'],
  step: number,
): PruneResult {
  const { g, plan, spec } = context;
  const { places } = sequence;
  const kept = keptCount(sequence.liveCount, plan.schedule[step].keep, traits.countRule(plan));
  const scores = importance(context, sequence, signals, step);

  if (plan.alignment === 'mask') {
    const chosen = best(g, protect(g, scores, sequence, Infinity), kept);
    const live = liveMask(g, chosen, places.length);
    const { hidden, residual } = sequence;
    const masked = { hidden: zeroGone(g, hidden, live), residual: zeroGone(g, residual, live) };
    return { sequence: { ...sequence, ...masked, live, liveCount: kept }, kept: chosen };
  }

  const recentred = plan.tokenOrder === 'recentred';
  const chosen = recentred
    ? classTokenInTheMiddle(g, scores, sequence, kept)
    : best(g, protect(g, scores, sequence, Infinity), kept);
  const positions = places.positions === undefined ? chosen : elementsAt(g, places.positions, chosen);
  return {
    sequence: {
      hidden: gatherTokens(g, sequence.hidden, chosen),
      residual: gatherTokens(g, sequence.residual, chosen),
      places: prunedPlaces(g, positions, kept, patchCount(spec) + 1, plan.conv === 'positional'),
      liveCount: kept,
      classToken: recentred ? (kept - 1) >> 1 : placeOf(g, positions, traits.classToken(patchCount(spec))),
    },
    kept: positions,
  };
}

/** Scores of the current sequence, [B, L]. */
function importance(
  context: EmitContext<BidirectionalSpec>,
  sequence: Sequence,
  signals: BlockOutput['signals'],
  step: number,
): Value {
  const { g, plan } = context;
  switch (plan.signal) {
    case 'random':
      return randomScoresOf(context, step, sequence.places.positions);
    case 'evit':
      return similarityTo(g, classTokenRow(g, signals.gated, sequence), signals.gated);
    case 'gated':
    case 'gated-backward':
    case 'ssm': {
      const scores = reduceSignal(g, signals[plan.signal], plan.reduce);
      return plan.order === 'mirrored' ? reverseTokens(g, scores) : scores;
    }
    case 'file':
      throw ruleFileError(plan, 'a whole graph');
    default:
      throw plan.signal satisfies never;
  }
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
  return g.op('Where', [isClassToken, g.scalar(value), amongLive(g, scores, live)]);
}

/** The released code's order: the kept tokens with the class token moved between their halves. */
function classTokenInTheMiddle(g: GraphBuilder, scores: Value, sequence: Sequence, kept: number): Value {
  if (typeof sequence.classToken !== 'number') throw new Error('a re-centred class token has a fixed place');
  const own = g.op('Expand', [
    g.ints([sequence.classToken]),
    g.op('Concat', [batchOf(g, scores), g.ints([1])], { attributes: { axis: 0 } }),
  ]);
  if (kept === 1) return own;
  const others = best(g, protect(g, scores, sequence, -Infinity), kept - 1);
  const half = (kept - 1) >> 1;
  const [before, after] = g.ops('Split', [others, g.ints([half, kept - 1 - half])], 2, {
    attributes: { axis: 1 },
  });
  return g.op('Concat', [before, own, after], { attributes: { axis: 1 } });
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
  return gatherTokens(g, value, classToken);
}
