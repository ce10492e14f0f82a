/** The pruning step of Vim's blocks: the protected tokens always stay, and both streams are gathered. */
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
  reduceSignal,
  reverseTokens,
  similarityTo,
  type Value,
  zeroGone,
} from '@vssm/graph';
import { type BidirectionalSpec, type BidirectionalTraits, fullLength } from '../traits.ts';
import type { BlockOutput, Streams } from './block.ts';
import { prunedPlaces, type TokenPlaces } from './places.ts';

/** The sequence between two blocks. */
export interface Sequence extends Streams {
  readonly places: TokenPlaces;
  /** Under `mask`: 1 where a token lives, [B, L0] float32; undefined while all do. */
  readonly live?: Value;
  /** How many tokens live. */
  readonly liveCount: number;
  /** Indices of the P protected tokens, rising: numbers where they are the same for every image, else [B, P] int64. */
  readonly protectedTokens: readonly number[] | Value;
}

export interface PruneResult {
  readonly sequence: Sequence;
  /** Positions of the kept tokens in sequence order, [B, K] int64. */
  readonly kept: Value;
}

/** @param step 0-based index within the schedule */
export function prune<Spec extends BidirectionalSpec>(
  traits: BidirectionalTraits<Spec>,
  context: EmitContext<Spec>,
  sequence: Sequence & { readonly hidden: Value },
  signals: BlockOutput['signals'],
  step: number,
): PruneResult {
  const { g, plan, spec } = context;
  const { places } = sequence;
  const kept = keptCount(sequence.liveCount, plan.schedule[step].keep, traits.countRule(spec, plan));
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
      places: prunedPlaces(g, positions, kept, fullLength(traits, spec), plan.conv === 'positional'),
      liveCount: kept,
      protectedTokens: recentred ? [(kept - 1) >> 1] : placesOf(g, positions, traits.protectedTokens(spec)),
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
      return similarityTo(g, readByClassifier(g, signals.gated, sequence), signals.gated);
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

/** Gives the protected tokens the score `value`, and masked tokens -∞. */
function protect(
  g: GraphBuilder,
  scores: Value,
  { places, live, protectedTokens }: Sequence,
  value: number,
): Value {
  const indices =
    typeof protectedTokens === 'string'
      ? protectedTokens
      : g.op('Unsqueeze', [g.ints(protectedTokens), g.ints([0])]);
  const isProtected = g.op('Greater', [liveMask(g, indices, places.length), g.scalar(0)]);
  return g.op('Where', [isProtected, g.scalar(value), amongLive(g, scores, live)]);
}

/** The released code's order: the kept tokens with the class token moved between their halves. */
function classTokenInTheMiddle(g: GraphBuilder, scores: Value, sequence: Sequence, kept: number): Value {
  const { protectedTokens } = sequence;
  if (typeof protectedTokens === 'string') throw new Error('a re-centred class token has a fixed place');
  if (protectedTokens.length !== 1) throw new Error(`${protectedTokens.length} tokens cannot be re-centred`);
  const own = g.op('Expand', [
    g.ints(protectedTokens),
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

/** Indices at which `wanted` stand in positions [B, L], [B, P] int64. */
function placesOf(g: GraphBuilder, positions: Value, wanted: readonly number[]): Value {
  const equal = g.op('Equal', [g.op('Unsqueeze', [positions, g.ints([2])]), g.ints(wanted)]);
  const hits = g.op('Cast', [equal], { attributes: { to: 6 } });
  return g.op('ArgMax', [hits], { attributes: { axis: 1, keepdims: 0 } });
}

/** The protected tokens' rows of [B, L, width] → [B, P, width] */
export function protectedRows(g: GraphBuilder, value: Value, { protectedTokens }: Sequence): Value {
  if (typeof protectedTokens === 'string') return gatherTokens(g, value, protectedTokens);
  return g.op('Gather', [value, g.ints(protectedTokens)], { attributes: { axis: 1 } });
}

/** The mean of the protected tokens' rows of [B, L, width] → [B, 1, width] */
function readByClassifier(g: GraphBuilder, value: Value, sequence: Sequence): Value {
  const own = protectedRows(g, value, sequence);
  return g.op('ReduceMean', [own, g.ints([1])], { attributes: { keepdims: 1 } });
}
