/** The rules that pair tokens, as nodes of a graph: the same for every family, which hands out the signals. */
import { checkLeaving, joinedByMtr, type Metric, type PruningPlan, type Rule } from '@vssm/core';
import {
  bestOf,
  everyOther,
  type GraphBuilder,
  type GraphPairs,
  links,
  marked,
  meanOf,
  reduceSignal,
  unmark,
  type Value,
} from '@vssm/graph';
import { deltaScores, type GraphSignals } from './importance.ts';

/** The tokens before a step. */
export interface PairedTokens {
  /** [B, L] float32: 1 where a token may leave or be joined, `others` of them. */
  readonly eligible: Value;
  readonly others: number;
  /** L */
  readonly length: number;
  /** How many leave, one or more. */
  readonly leaving: number;
}

/**
 * @param scores of a rule that scores, [B, L]
 * @throws UserError where the rule finds no destination for so many
 */
export function pairsOf(
  g: GraphBuilder,
  plan: PruningPlan,
  rule: Rule,
  step: number,
  signals: GraphSignals,
  tokens: PairedTokens,
  scores: () => Value,
): GraphPairs {
  const { eligible, others, length, leaving } = tokens;
  if (rule.score === undefined) checkLeaving(rule, others, leaving, plan.schedule[step].after);
  const rows = metricRows(g, signals, plan.metric!);
  const rest = (set: ReturnType<typeof marked>, marks: Value, count: number) =>
    marked(g, unmark(g, marks, set, length), count);
  switch (plan.signal) {
    case 'tome': {
      const all = marked(g, eligible, others);
      return links(g, rows, everyOther(g, all, 0), everyOther(g, all, 1), leaving);
    }
    case 'utr': {
      const half = Math.ceil(others / 2);
      const upper = bestOf(g, reduceSignal(g, signals.ssm, 'clip'), eligible, others - half);
      return links(g, rows, rest(upper, eligible, half), upper, leaving);
    }
    case 'mtr-like': {
      const own = deltaScores(g, signals.delta);
      const staying = bestOf(g, own, eligible, others - leaving);
      const joined = joinedByMtr(others - leaving);
      const leavers = rest(staying, eligible, leaving);
      const stays = unmark(g, eligible, leavers, length);
      if (joined === staying.count) return links(g, rows, leavers, staying, leaving);
      const untouched = bestOf(g, own, stays, staying.count - joined);
      return links(g, rows, leavers, rest(untouched, stays, joined), leaving);
    }
    default: {
      const staying = bestOf(g, scores(), eligible, others - leaving);
      return links(g, rows, rest(staying, eligible, leaving), staying, leaving);
    }
  }
}

function metricRows(g: GraphBuilder, signals: GraphSignals, metric: Metric): Value {
  switch (metric) {
    case 'delta':
    case 'B':
    case 'C':
      return meanOf(g, signals[metric]);
    default:
      return signals[metric];
  }
}
