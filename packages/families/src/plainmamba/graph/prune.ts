/** The pruning step of a PlainMamba: no token is exempt, and the tokens are one stream. */
import { type GridSides, keptCount, smallerGrid } from '@vssm/core';
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
  range,
  type Value,
  zeroGone,
} from '@vssm/graph';
import { scoreAndMerge } from '../../graph/step.ts';
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
  const living = () => live ?? everyToken(g, stream.tokens, places.length);
  const scored = scoreAndMerge(context, signals, step, {
    ...{ length: places.length, leaving: stream.liveCount - liveCount, others: stream.liveCount },
    ...{ positions: places.positions, streams: { output: stream.tokens }, sizes: stream.sizes },
    // No token is protected, and every one that lives is read.
    ...{ eligible: living, readers: living },
    read: (rows) => meanOfLive(g, rows, stream),
  });
  const { scores, sizes } = scored;
  const tokens = scored.streams.output;
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

/** Positions of the tokens that live, [B, K] int64. */
function allPositions(g: GraphBuilder, { tokens, places, live, liveCount, origins }: Stream): Value {
  if (origins !== undefined) return g.op('Cast', [origins], { attributes: { to: 7 } });
  if (places.positions !== undefined) return places.positions;
  // Ones before zeros, lowest index first.
  if (live !== undefined) return best(g, live, liveCount);
  const shape = g.op('Concat', [batchOf(g, tokens), g.ints([places.length])], { attributes: { axis: 0 } });
  return g.op('Expand', [range(g, places.length), shape]);
}

/** The mean over the tokens that live: [B, K, C] → [B, 1, C] */
export function meanOfLive(g: GraphBuilder, rows: Value, { live, liveCount }: Omit<Stream, 'tokens'>): Value {
  if (live === undefined) return meanToken(g, rows);
  const sum = g.op('ReduceSum', [zeroGone(g, rows, live), g.ints([1])], { attributes: { keepdims: 1 } });
  return g.op('Div', [sum, g.scalar(liveCount)]);
}
