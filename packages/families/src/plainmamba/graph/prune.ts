/** The pruning step of a PlainMamba: no token is exempt, and the tokens are one stream. */
import { type GridSides, keptCount, ruleFileError, ruleOf, smallerGrid } from '@vssm/core';
import {
  amongLive,
  batchOf,
  best,
  type EmitContext,
  elementsAt,
  everyToken,
  type GraphBuilder,
  gatherTokens,
  joinedSizes,
  liveMask,
  mergedRows,
  randomScoresOf,
  range,
  reduceSignal,
  similarityTo,
  type Value,
  zeroGone,
} from '@vssm/graph';
import { contentContributionScores, contributionScores, deltaScores, pairsOf } from '../../graph/pairing.ts';
import type { PlainMambaSpec } from '../spec.ts';
import { meanToken } from './embed.ts';
import type { LayerOutput } from './layer.ts';
import { fullGrid, type GridPlaces, keptCells } from './places.ts';
import { shortenGrid } from './storm.ts';

/** The tokens between two layers. */
export interface Stream {
  /** [B, K, d] */
  readonly tokens: Value;
  readonly places: GridPlaces;
  /** Under `mask`: 1 where a token lives, [B, L0] float32; undefined while all do. */
  readonly live?: Value;
  /** How many tokens live. */
  readonly liveCount: number;
  /** How many tokens of the unpruned sequence each one stands for, [B, K] float32; undefined while each is itself. */
  readonly sizes?: Value;
  /** Where what is left has become a smaller full grid: each token's place in the unpruned one, [B, K] float32. */
  readonly origins?: Value;
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
  const { places, live } = stream;
  const liveCount = keptCount(stream.liveCount, plan.schedule[step].keep, 'every-token');
  if (liveCount === stream.liveCount) return { stream, kept: allPositions(g, stream) };
  if (plan.signal === 'storm') return storm(context, stream, signals.residual, liveCount);
  const { scores, tokens, sizes } = paired(context, stream, signals, step, liveCount);
  const chosen = best(g, amongLive(g, scores, live), liveCount);
  if (plan.alignment === 'mask') {
    const mask = liveMask(g, chosen, places.length);
    const masked = { ...stream, tokens: zeroGone(g, tokens, mask), live: mask, liveCount };
    const own = sizes === undefined ? {} : { sizes: g.op('Mul', [sizes, mask]) };
    return { stream: { ...masked, ...own }, kept: chosen };
  }
  const kept = places.positions === undefined ? chosen : elementsAt(g, places.positions, chosen);
  return {
    stream: {
      tokens: gatherTokens(g, tokens, chosen),
      places: keptCells(g, spec, kept, liveCount),
      liveCount,
      ...(sizes !== undefined && { sizes: elementsAt(g, sizes, chosen) }),
    },
    kept,
  };
}

/** STORM's windows: what is left is a smaller full grid, in which every token has a new cell. */
function storm(
  { g, spec, plan }: EmitContext<PlainMambaSpec>,
  { tokens, places, sizes, origins }: Stream,
  residual: Value,
  kept: number,
): { readonly stream: Stream; readonly kept: Value } {
  const { operation = 'drop' } = plan;
  if (operation === 'half') throw new Error('no plan lets STORM halve');
  const from = places.grid;
  const to = smallerGrid(from, kept) as GridSides;
  const column = (value: Value) => g.op('Unsqueeze', [value, g.ints([2])]);
  const ones = everyToken(g, tokens, places.length);
  const all = g.op('Cast', [range(g, places.length)], { attributes: { to: 1 } });
  const left = shortenGrid(
    g,
    operation,
    {
      ...{ metric: residual, tokens, sizes: column(sizes ?? ones) },
      places: column(origins ?? g.op('Mul', [ones, all])),
    },
    { metric: spec.width, tokens: spec.width, sizes: 1, places: 1 },
    from,
    to,
  );
  const squeezed = (value: Value) => g.op('Squeeze', [value, g.ints([2])]);
  const own = squeezed(left.places);
  return {
    stream: {
      tokens: left.tokens,
      places: fullGrid(g, to),
      liveCount: kept,
      sizes: squeezed(left.sizes),
      origins: own,
    },
    kept: g.op('Cast', [own], { attributes: { to: 7 } }),
  };
}

/** Scores of the current tokens, and the tokens with what has joined them. */
interface Reduced {
  /** [B, K]; where tokens are paired, 1 for those that stay and 0 for those that leave. */
  readonly scores: Value;
  readonly tokens: Value;
  /** [B, K], those that leave as before. */
  readonly sizes?: Value | undefined;
}

/** @param kept how many tokens stay, fewer than there are */
function paired(
  context: EmitContext<PlainMambaSpec>,
  stream: Stream,
  signals: LayerOutput['signals'],
  step: number,
  kept: number,
): Reduced {
  const { g, plan } = context;
  const { tokens, places, live, liveCount } = stream;
  const rule = ruleOf(plan);
  const scores = () => importance(context, stream, signals, step);
  if (rule.score !== undefined) return { scores: scores(), tokens, sizes: stream.sizes };
  const { length } = places;
  const eligible = live ?? everyToken(g, tokens, length);
  const set = { eligible, others: liveCount, length, leaving: liveCount - kept };
  const pairs = pairsOf(g, plan, rule, step, signals, set, scores);
  const staying = g.op('Sub', [eligible, liveMask(g, pairs.from, length)]);
  const { operation = 'drop' } = plan;
  if (operation === 'drop') return { scores: staying, tokens, sizes: stream.sizes };
  const sizes = stream.sizes ?? everyToken(g, tokens, length);
  return {
    scores: staying,
    tokens: mergedRows(g, operation, 'output', tokens, pairs, sizes, length),
    sizes: joinedSizes(g, sizes, pairs, length),
  };
}

/** Positions of the tokens that live, [B, K] int64. */
function allPositions(g: GraphBuilder, { tokens, places, live, liveCount, origins }: Stream): Value {
  if (origins !== undefined) return g.op('Cast', [origins], { attributes: { to: 7 } });
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
    case 'delta':
      return deltaScores(g, signals.delta);
    case 'class-contribution':
      return contributionScores(g, signals, readersOf(g, stream));
    case 'content-contribution':
      return contentContributionScores(g, signals, readersOf(g, stream));
    case 'tome':
    case 'mtr-like':
    case 'utr':
    case 'storm':
      throw new Error(`rule "${plan.signal}" pairs tokens and scores none`);
    default:
      throw plan.signal satisfies never;
  }
}

/** Every token that lives is read by the classifier: [B, K] float32. */
function readersOf(g: GraphBuilder, { live, tokens, places }: Stream): Value {
  return live ?? everyToken(g, tokens, places.length);
}

/** The mean over the tokens that live: [B, K, C] → [B, 1, C] */
export function meanOfLive(g: GraphBuilder, rows: Value, { live, liveCount }: Omit<Stream, 'tokens'>): Value {
  if (live === undefined) return meanToken(g, rows);
  const sum = g.op('ReduceSum', [zeroGone(g, rows, live), g.ints([1])], { attributes: { keepdims: 1 } });
  return g.op('Div', [sum, g.scalar(liveCount)]);
}
