/** The part of a pruning step that all families share, as nodes of a graph: scores, or pairs, and merging. */
import { ruleOf, type StreamName } from '@vssm/core';
import { type EmitContext, everyToken, joinedSizes, liveMask, mergedRows, type Value } from '@vssm/graph';
import { type GraphSignals, importance, type Readers } from './importance.ts';
import { pairsOf } from './pairing.ts';

/** The tokens before a step. */
export interface StepTokens<Name extends StreamName> extends Readers {
  /** L */
  readonly length: number;
  /** How many leave, of `others` that may. */
  readonly leaving: number;
  readonly others: number;
  /** [B, L, d] each. */
  readonly streams: Readonly<Record<Name, Value>>;
  /** How many tokens of the unpruned sequence each one stands for, [B, L] float32; undefined while each is itself. */
  readonly sizes: Value | undefined;
  /** 1 where a token may leave or be joined, [B, L] float32. */
  eligible(): Value;
}

/** Scores of the tokens, and their streams with what has joined other tokens in them. */
export interface ScoredTokens<Name extends StreamName> {
  /** [B, L]; where tokens are paired, 1 for those that stay and 0 for those that leave. */
  readonly scores: Value;
  readonly streams: Readonly<Record<Name, Value>>;
  /** [B, L], those that leave as before. */
  readonly sizes: Value | undefined;
}

/** @param step 0-based index within the schedule */
export function scoreAndMerge<Name extends StreamName>(
  context: EmitContext<unknown>,
  signals: GraphSignals,
  step: number,
  tokens: StepTokens<Name>,
): ScoredTokens<Name> {
  const { g, plan } = context;
  const { length, leaving, others, streams } = tokens;
  const rule = ruleOf(plan);
  const scores = () => importance(context, signals, step, tokens);
  if (rule.score !== undefined) return { scores: scores(), streams, sizes: tokens.sizes };
  const eligible = tokens.eligible();
  if (leaving === 0) return { scores: eligible, streams, sizes: tokens.sizes };
  const pairs = pairsOf(g, plan, rule, step, signals, { eligible, others, length, leaving }, scores);
  const staying = g.op('Sub', [eligible, liveMask(g, pairs.from, length)]);
  const { operation = 'drop' } = plan;
  if (operation === 'drop') return { scores: staying, streams, sizes: tokens.sizes };
  const named = Object.entries(streams) as [Name, Value][];
  const sizes = tokens.sizes ?? everyToken(g, named[0][1], length);
  const merged = named.map(
    ([stream, rows]) => [stream, mergedRows(g, operation, stream, rows, pairs, sizes, length)] as const,
  );
  return {
    scores: staying,
    streams: Object.fromEntries(merged) as Record<Name, Value>,
    sizes: joinedSizes(g, sizes, pairs, length),
  };
}
