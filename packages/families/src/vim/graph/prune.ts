/** The pruning step of Vim's blocks: the protected tokens always stay, and both streams are gathered. */
import { keptCount, movedClassToken, type PruningPlan } from '@vssm/core';
import {
  amongLive,
  batchOf,
  best,
  type EmitContext,
  elementsAt,
  everyToken,
  type GraphBuilder,
  gatherTokens,
  liveMask,
  type Value,
  zeroGone,
} from '@vssm/graph';
import { scoreAndMerge } from '../../graph/step.ts';
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
  /** How many tokens of the unpruned sequence each one stands for, [B, L] float32; undefined while each is itself. */
  readonly sizes?: Value;
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
  const others = sequence.liveCount - traits.protectedTokens(spec).length;
  const scored = scoreAndMerge(context, signals, step, {
    ...{ length: places.length, leaving: sequence.liveCount - kept, others, positions: places.positions },
    streams: { output: sequence.hidden, residual: sequence.residual },
    sizes: sequence.sizes,
    eligible: () => unprotected(g, sequence),
    readers: () => readersOf(g, signals.gated, sequence),
    read: (rows) => readByClassifier(g, rows, sequence),
  });
  const { scores, sizes } = scored;
  const { output: hidden, residual } = scored.streams;

  if (plan.alignment === 'mask') {
    const chosen = best(g, protect(g, scores, sequence, Infinity), kept);
    const live = liveMask(g, chosen, places.length);
    const masked = {
      hidden: zeroGone(g, hidden, live),
      residual: zeroGone(g, residual, live),
      ...(sizes !== undefined && { sizes: g.op('Mul', [sizes, live]) }),
    };
    return { sequence: { ...sequence, ...masked, live, liveCount: kept }, kept: chosen };
  }

  const place = movedPlace(plan, sequence, kept);
  const chosen =
    place === undefined
      ? best(g, protect(g, scores, sequence, Infinity), kept)
      : withClassTokenAt(g, place, scores, sequence, kept);
  const positions = places.positions === undefined ? chosen : elementsAt(g, places.positions, chosen);
  return {
    sequence: {
      hidden: gatherTokens(g, hidden, chosen),
      residual: gatherTokens(g, residual, chosen),
      ...(sizes !== undefined && { sizes: elementsAt(g, sizes, chosen) }),
      places: prunedPlaces(g, positions, kept, fullLength(traits, spec), plan.conv === 'positional'),
      liveCount: kept,
      protectedTokens: place === undefined ? placesOf(g, positions, traits.protectedTokens(spec)) : [place],
    },
    kept: positions,
  };
}

/** Where the class token goes, if the plan moves it; the same in every image. */
function movedPlace(
  { tokenOrder }: PruningPlan,
  { places, protectedTokens }: Sequence,
  kept: number,
): number | undefined {
  if (tokenOrder === 'original') return undefined;
  if (typeof protectedTokens === 'string') throw new Error('a moved class token has a fixed place');
  if (protectedTokens.length !== 1) throw new Error(`${protectedTokens.length} tokens cannot be moved`);
  return movedClassToken(tokenOrder, protectedTokens[0], places.length, kept);
}

/** Gives the protected tokens the score `value`, and masked tokens -∞. */
function protect(g: GraphBuilder, scores: Value, sequence: Sequence, value: number): Value {
  const isProtected = g.op('Greater', [protectedMask(g, sequence), g.scalar(0)]);
  return g.op('Where', [isProtected, g.scalar(value), amongLive(g, scores, sequence.live)]);
}

/** 1 at the protected tokens, else 0: [B, L] float32, [1, L] where they are the same in every image. */
function protectedMask(g: GraphBuilder, { places, protectedTokens }: Sequence): Value {
  const indices =
    typeof protectedTokens === 'string'
      ? protectedTokens
      : g.op('Unsqueeze', [g.ints(protectedTokens), g.ints([0])]);
  return liveMask(g, indices, places.length);
}

/** 1 where a token lives that is not protected: [B, L] float32. */
function unprotected(g: GraphBuilder, sequence: Sequence & { readonly hidden: Value }): Value {
  const living = sequence.live ?? everyToken(g, sequence.hidden, sequence.places.length);
  return g.op('Sub', [living, g.op('Mul', [living, protectedMask(g, sequence)])]);
}

/** What reads for the classifier: [B, L] float32. */
function readersOf(g: GraphBuilder, like: Value, sequence: Sequence): Value {
  return g.op('Mul', [everyToken(g, like, sequence.places.length), protectedMask(g, sequence)]);
}

/** The kept tokens in order, but for the class token, which goes to `place`. */
function withClassTokenAt(
  g: GraphBuilder,
  place: number,
  scores: Value,
  sequence: Sequence,
  kept: number,
): Value {
  const own = g.op('Expand', [
    g.ints(sequence.protectedTokens as readonly number[]),
    g.op('Concat', [batchOf(g, scores), g.ints([1])], { attributes: { axis: 0 } }),
  ]);
  if (kept === 1) return own;
  const others = best(g, protect(g, scores, sequence, -Infinity), kept - 1);
  const cut = (from: number, to: number) =>
    from === to ? [] : [g.op('Slice', [others, g.ints([from]), g.ints([to]), g.ints([1])])];
  return g.op('Concat', [...cut(0, place), own, ...cut(place, kept - 1)], { attributes: { axis: 1 } });
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
