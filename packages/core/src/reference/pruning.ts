/**
 * A pruning step, the same for every stream of tokens: scores, the choice, and the rows that are left. A family with
 * protected tokens adds its count rule, and which tokens those are.
 */
import { type CountRule, keptCount } from '../pruning/counts.ts';
import type { PruningPlan } from '../pruning/plan.ts';
import { meanRow as meanOfLive } from '../pruning/rules/mean-row.ts';
import type { TokenContext } from '../pruning/rules/rule.ts';
import { type SignalSource, scoreTokens, unmergedSizes } from '../pruning/rules/score-tokens.ts';
import { selectTokens } from '../pruning/select.ts';
import { gatherRows } from './layers.ts';

/** Which tokens are still there. */
export interface KeptTokens {
  /** [L]: each token's index in the unpruned sequence. */
  readonly positions: Int32Array;
  /** Under `mask`: which tokens still live; undefined where pruned tokens are gone. */
  readonly live?: Uint8Array;
}

/** Where a pruning step happens, beside which tokens there are. */
export interface StepPlace {
  /** E, N and d. */
  readonly spec: { readonly innerWidth: number; readonly stateSize: number; readonly width: number };
  /** 0-based index within the schedule. */
  readonly step: number;
  /** Stable index of the image. */
  readonly sample: number;
  /** Length of the unpruned sequence. */
  readonly fullLength: number;
  /** Indices of the tokens that never leave, rising: class token, registers; none in some models. */
  readonly protectedTokens: Int32Array;
}

/** Scores of the current tokens, [L]; higher stays. */
export function importance(
  plan: PruningPlan,
  { spec, step, sample, fullLength, protectedTokens }: StepPlace,
  signals: SignalSource,
  { positions, live }: KeptTokens,
): ArrayLike<number> {
  const context: TokenContext = {
    length: positions.length,
    channels: spec.innerWidth,
    states: spec.stateSize,
    width: spec.width,
    positions,
    sizes: unmergedSizes(positions.length),
    protectedTokens,
    classToken: protectedTokens.length === 1 ? protectedTokens[0] : null,
    live: live ?? null,
    ...{ fullLength, step, sample },
    block: plan.schedule[step].after,
  };
  return scoreTokens(plan, context, signals);
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
 * @param protectedTokens indices of the tokens that never leave; see `StepPlace`
 */
export function chooseTokens(
  plan: PruningPlan,
  step: number,
  scores: ArrayLike<number>,
  { positions, live }: KeptTokens,
  rule: CountRule = 'every-token',
  protectedTokens: Int32Array = new Int32Array(0),
): Choice {
  const length = live === undefined ? positions.length : live.reduce((sum, alive) => sum + alive, 0);
  const count = keptCount(length, plan.schedule[step].keep, rule);
  const alive = live === undefined ? undefined : (token: number) => live[token] === 1;
  const chosen = selectTokens(scores, positions, protectedTokens, count, plan.tokenOrder, alive);
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
  return meanOfLive(rows, { length: positions.length, live: live ?? null });
}

/** [K]: positions of the tokens that live, in sequence order. */
export function livePositions({ positions, live }: KeptTokens): Int32Array {
  return live === undefined ? positions : positions.filter((_, token) => live[token] === 1);
}
