/**
 * A pruning step in float64, the same for every stream of tokens: scores, the choice, and the rows that are left.
 * A family with a class token adds its count rule, which token that is, and `evit`'s query.
 */
import { type CountRule, keptCount } from '../pruning/counts.ts';
import type { PruningPlan } from '../pruning/plan.ts';
import { randomScores } from '../pruning/random.ts';
import { orderScores, reduceSignal, similarityTo } from '../pruning/score.ts';
import { selectTokens } from '../pruning/select.ts';
import { gatherRows } from './layers.ts';

/** Which tokens are still there. */
export interface KeptTokens {
  /** [L]: each token's index in the unpruned sequence. */
  readonly positions: Int32Array;
  /** Under `mask`: which tokens still live; undefined where pruned tokens are gone. */
  readonly live?: Uint8Array;
}

/**
 * [L, E] each, tokens in their own places: what the scores are made from. `gated` is what enters the output
 * projection, `ssm` the sum of all scans' y, `gated-backward` the backward scan's y times SiLU(z) (Vim only).
 */
export type Signals = Readonly<Partial<Record<'gated' | 'ssm' | 'gated-backward', Float64Array>>>;

/**
 * Scores of the current tokens, [L]; higher stays.
 *
 * @param step 0-based index within the schedule
 * @param sample stable index of the image; only the `random` signal depends on it
 * @param unpruned length of the unpruned sequence
 * @param query what `evit` compares every token's gated signal with, [E]; default the mean over the live tokens
 */
export function importance(
  plan: PruningPlan,
  step: number,
  sample: number,
  unpruned: number,
  signals: Signals,
  tokens: KeptTokens,
  query: (gated: Float64Array) => Float64Array = (gated) => meanRow(gated, tokens),
): Float64Array {
  const { positions } = tokens;
  if (plan.signal === 'random') {
    const scores = randomScores(plan.seed, sample, step, unpruned);
    return Float64Array.from(positions, (position) => scores[position]);
  }
  const signal = signals[plan.signal === 'evit' ? 'gated' : plan.signal];
  if (signal === undefined) throw new Error(`the model has no signal "${plan.signal}"`);
  if (plan.signal === 'evit') return similarityTo(query(signal), signal);
  const channels = signal.length / positions.length;
  return orderScores(reduceSignal(signal, positions.length, channels, plan.reduce), plan.order);
}

/** Which tokens stay, and what is there after the step. */
export interface Choice {
  /** Indices into the tokens before the step. */
  readonly chosen: Int32Array;
  readonly kept: KeptTokens;
}

/**
 * The best of the tokens that live. Under `mask` all of them stay in the sequence, and the others no longer live.
 *
 * @param step 0-based index within the schedule
 * @param classToken index of the class token; null for a model without one
 */
export function chooseTokens(
  plan: PruningPlan,
  step: number,
  scores: ArrayLike<number>,
  { positions, live }: KeptTokens,
  rule: CountRule = 'every-token',
  classToken: number | null = null,
): Choice {
  const length = live === undefined ? positions.length : live.reduce((sum, alive) => sum + alive, 0);
  const count = keptCount(length, plan.schedule[step].keep, rule);
  const alive = live === undefined ? undefined : (token: number) => live[token] === 1;
  const chosen = selectTokens(scores, positions, classToken, count, plan.tokenOrder, alive);
  if (plan.alignment === 'mask') {
    const mask = new Uint8Array(positions.length);
    for (const token of chosen) mask[token] = 1;
    return { chosen, kept: { positions, live: mask } };
  }
  return { chosen, kept: { positions: chosen.map((token) => positions[token]) } };
}

/** Rows [L, width] after a step: those chosen, or, under `mask`, all of them with zeros for tokens that are gone. */
export function keptRows(rows: Float64Array, { chosen, kept }: Choice, width: number): Float64Array {
  return kept.live === undefined ? gatherRows(rows, chosen, width) : zeroGone(rows, kept);
}

/** Rows of tokens that are gone become zero; without a mask nothing changes. rows [L, width] */
export function zeroGone(rows: Float64Array, { positions, live }: KeptTokens): Float64Array {
  if (live === undefined) return rows;
  const width = rows.length / positions.length;
  return rows.map((value, i) => value * live[Math.floor(i / width)]);
}

/** Mean over the tokens that live. rows [L, width] → [width] */
export function meanRow(rows: Float64Array, { positions, live }: KeptTokens): Float64Array {
  const width = rows.length / positions.length;
  const mean = new Float64Array(width);
  let count = 0;
  for (let token = 0; token < positions.length; token++) {
    if (live !== undefined && live[token] === 0) continue;
    count++;
    for (let i = 0; i < width; i++) mean[i] += rows[token * width + i];
  }
  return mean.map((sum) => sum / count);
}

/** [K]: positions of the tokens that live, in sequence order. */
export function livePositions({ positions, live }: KeptTokens): Int32Array {
  return live === undefined ? positions : positions.filter((_, token) => live[token] === 1);
}
