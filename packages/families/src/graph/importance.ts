/** Scores by the plan's rule, as nodes of a graph: the same for every family, which hands out the signals. */
import { ruleFileError } from '@vssm/core';
import {
  type EmitContext,
  type GraphBuilder,
  randomScoresOf,
  reduceSignal,
  reverseTokens,
  similarityTo,
  type Value,
} from '@vssm/graph';

/** Values of the signals that rules read, [B, L, …]; each makes its nodes when it is asked for. */
export interface GraphSignals {
  readonly gated: Value;
  /** Of families whose plans may rank by it. */
  readonly 'gated-backward'?: Value;
  readonly ssm: Value;
  readonly hidden: Value;
  readonly residual: Value;
  /** One for each set of projections. */
  readonly delta: readonly Value[];
  readonly B: readonly Value[];
  readonly C: readonly Value[];
  /**
   * What readers have read of every token, all directions together, [B, L, E].
   *
   * @param readers 1 where a token reads, else 0, [B, L] float32
   */
  contributions(readers: Value): Value;
}

/** How the classifier reads the tokens before a step. */
export interface Readers {
  /** Positions in the unpruned sequence, [B, L] int64; undefined while all are there. */
  readonly positions: Value | undefined;
  /** 1 where a token reads for the classifier, [B, L] float32. */
  readers(): Value;
  /** The mean over those tokens: [B, L, C] → [B, 1, C] */
  read(rows: Value): Value;
}

/**
 * Scores of the tokens before a step, [B, L]: what stays is the best of them.
 *
 * @param step 0-based index within the schedule
 */
export function importance(
  context: EmitContext<unknown>,
  signals: GraphSignals,
  step: number,
  { positions, readers, read }: Readers,
): Value {
  const { g, plan } = context;
  switch (plan.signal) {
    case 'random':
      return randomScoresOf(context, step, positions);
    case 'evit':
      return similarityTo(g, read(signals.gated), signals.gated);
    case 'gated':
    case 'gated-backward':
    case 'ssm': {
      const signal = signals[plan.signal];
      if (signal === undefined) throw new Error(`checkPlan lets no ${plan.signal} score through`);
      const scores = reduceSignal(g, signal, plan.reduce);
      return plan.order === 'mirrored' ? reverseTokens(g, scores) : scores;
    }
    case 'file':
      throw ruleFileError(plan, 'a whole graph');
    case 'delta':
      return deltaScores(g, signals.delta);
    case 'class-contribution':
      return reduceSignal(g, signals.contributions(readers()), 'l1');
    case 'content-contribution': {
      const rows = [signals.ssm, signals.contributions(readers())];
      return g.op(
        'Add',
        rows.map((own) => reduceSignal(g, own, 'l2')),
      );
    }
    case 'tome':
    case 'mtr-like':
    case 'utr':
    case 'storm':
      throw new Error(`rule "${plan.signal}" pairs tokens and scores none`);
    default:
      throw plan.signal satisfies never;
  }
}

/** The Δ score: over the sets, the sum of Δ's means over the channels, [B, L]. */
export function deltaScores(g: GraphBuilder, delta: readonly Value[]): Value {
  const means = delta.map((rows) => g.op('ReduceMean', [rows, g.ints([2])], { attributes: { keepdims: 0 } }));
  return means.reduce((sum, mean) => g.op('Add', [sum, mean]));
}
