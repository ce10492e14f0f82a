/** The pruning step of a PlainMamba: no token is exempt, and the tokens are one stream. */
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
  similarityTo,
  type Value,
  zeroGone,
} from '@vssm/graph';
import type { PlainMambaSpec } from '../spec.ts';
import { meanToken } from './embed.ts';
import type { LayerOutput } from './layer.ts';
import { type GridPlaces, keptCells } from './places.ts';

/** The tokens between two layers. */
export interface Stream {
  /** [B, K, d] */
  readonly tokens: Value;
  readonly places: GridPlaces;
  /** Under `mask`: 1 where a token lives, [B, L0] float32; undefined while all do. */
  readonly live?: Value;
  /** How many tokens live. */
  readonly liveCount: number;
}

/**
 * @param step 0-based index within the schedule
 * @returns the shorter (or masked) stream, the same where a step keeps all; positions of the kept tokens, [B, K] int64
 */
export function prune(
  context: EmitContext<PlainMambaSpec>,
  stream: Stream,
  signals: LayerOutput['signals'],
  step: number,
): { readonly stream: Stream; readonly kept: Value } {
  const { g, spec, plan } = context;
  const { tokens, places, live } = stream;
  const liveCount = keptCount(stream.liveCount, plan.schedule[step].keep, 'every-token');
  if (liveCount === stream.liveCount) return { stream, kept: allPositions(g, stream) };
  const chosen = best(g, amongLive(g, importance(context, stream, signals, step), live), liveCount);
  if (plan.alignment === 'mask') {
    const mask = liveMask(g, chosen, places.length);
    const masked = { ...stream, tokens: zeroGone(g, tokens, mask), live: mask, liveCount };
    return { stream: masked, kept: chosen };
  }
  const kept = places.positions === undefined ? chosen : elementsAt(g, places.positions, chosen);
  return {
    stream: {
      tokens: gatherTokens(g, tokens, chosen),
      places: keptCells(g, spec, kept, liveCount),
      liveCount,
    },
    kept,
  };
}

/** Positions of the tokens that live, [B, K] int64. */
function allPositions(g: GraphBuilder, { tokens, places, live, liveCount }: Stream): Value {
  if (places.positions !== undefined) return places.positions;
  // Ones before zeros, lowest index first.
  if (live !== undefined) return best(g, live, liveCount);
  const shape = g.op('Concat', [batchOf(g, tokens), g.ints([places.length])], { attributes: { axis: 0 } });
  return g.op('Expand', [range(g, places.length), shape]);
}

/** Scores of the current tokens, [B, K]. */
function importance(
  context: EmitContext<PlainMambaSpec>,
  stream: Stream,
  signals: LayerOutput['signals'],
  step: number,
): Value {
  const { g, plan } = context;
  switch (plan.signal) {
    case 'random':
      return randomScoresOf(context, step, stream.places.positions);
    case 'evit':
      return similarityTo(g, meanOfLive(g, signals.gated, stream), signals.gated);
    case 'gated':
    case 'ssm':
      return reduceSignal(g, signals[plan.signal], plan.reduce);
    case 'gated-backward':
      throw new Error('checkPlan lets no gated-backward score through');
    case 'file':
      throw ruleFileError(plan, 'a whole graph');
    default:
      throw plan.signal satisfies never;
  }
}

/** The mean over the tokens that live: [B, K, C] → [B, 1, C] */
export function meanOfLive(g: GraphBuilder, rows: Value, { live, liveCount }: Omit<Stream, 'tokens'>): Value {
  if (live === undefined) return meanToken(g, rows);
  const sum = g.op('ReduceSum', [zeroGone(g, rows, live), g.ints([1])], { attributes: { keepdims: 1 } });
  return g.op('Div', [sum, g.scalar(liveCount)]);
}
