/**
 * A pruning step, the same for every stream of tokens: who leaves, by scores or by pairs, and the rows that are left. A
 * family with protected tokens adds its count rule, and which tokens those are.
 */
import { type CountRule, keptCount } from '../pruning/counts.ts';
import { mergedSizes, type Operation, type Pair, type StreamName } from '../pruning/operation.ts';
import type { PruningPlan } from '../pruning/plan.ts';
import { classContribution } from '../pruning/rules/class-contribution.ts';
import { ruleOf } from '../pruning/rules/loaded.ts';
import { meanRow as meanOfLive } from '../pruning/rules/mean-row.ts';
import { pairTokens } from '../pruning/rules/pair-tokens.ts';
import { unprotected } from '../pruning/rules/ranking.ts';
import type { GridSides, TokenContext } from '../pruning/rules/rule.ts';
import { type SignalSource, scoreTokens, tokensOf, unmergedSizes } from '../pruning/rules/score-tokens.ts';
import { inTokenOrder, selectTokens } from '../pruning/select.ts';
import { gatherRows } from './layers.ts';
import { combineRows } from './merging.ts';

/** Which tokens are still there. */
export interface KeptTokens {
  /** [L]: each token's index in the unpruned sequence. */
  readonly positions: Int32Array;
  /** Under `mask`: which tokens still live; undefined where pruned tokens are gone. */
  readonly live?: Uint8Array;
  /** [L]: how many tokens of the unpruned sequence each one stands for; undefined while each stands for itself. */
  readonly sizes?: Int32Array;
  /** Where a rule has left a smaller full grid, in whose order the tokens stand; undefined otherwise. */
  readonly grid?: GridSides;
}

/** Where in a forward pass tokens are looked at, beside which tokens there are. */
export interface BlockPlace {
  /** E, N and d. */
  readonly spec: { readonly innerWidth: number; readonly stateSize: number; readonly width: number };
  /** Stable index of the image. */
  readonly sample: number;
  /** Length of the unpruned sequence. */
  readonly fullLength: number;
  /** Of a model whose tokens all stand for cells: the unpruned grid. */
  readonly grid?: GridSides;
  /** Indices of the tokens that never leave, rising: class token, registers; none in some models. */
  readonly protectedTokens: Int32Array;
}

/** Where a pruning step happens. */
export interface StepPlace extends BlockPlace {
  /** 0-based index within the schedule. */
  readonly step: number;
}

/** Scores of the current tokens, [L]; higher stays. */
export function importance(
  plan: PruningPlan,
  place: StepPlace,
  signals: SignalSource,
  tokens: KeptTokens,
): ArrayLike<number> {
  return scoreTokens(plan, contextOf(plan, place, tokens), signals);
}

/**
 * Class contribution of the current tokens, [L], whatever the plan scores by: what the classifier's tokens have read of
 * each in the block that has just run.
 *
 * @param block 1-based
 */
export function classContributions(
  place: BlockPlace,
  block: number,
  signals: SignalSource,
  tokens: KeptTokens,
): Float64Array {
  const context = { ...tokenContext(place, tokens), block, step: -1 };
  return Float64Array.from(classContribution.score(tokensOf(classContribution, context, signals)));
}

function contextOf(plan: PruningPlan, place: StepPlace, tokens: KeptTokens): TokenContext {
  const { step } = place;
  return { ...tokenContext(place, tokens), step, block: plan.schedule[step].after };
}

function tokenContext(
  { spec, sample, fullLength, protectedTokens, grid: unpruned }: BlockPlace,
  { positions, live, sizes, grid: left }: KeptTokens,
): Omit<TokenContext, 'step' | 'block'> {
  // As long as nothing has left, or as a rule has left it; the tokens that are left otherwise fill none.
  const grid = left ?? (positions.length === fullLength && live === undefined ? unpruned : undefined);
  return {
    length: positions.length,
    channels: spec.innerWidth,
    states: spec.stateSize,
    width: spec.width,
    positions,
    sizes: sizes ?? unmergedSizes(positions.length),
    protectedTokens,
    classToken: protectedTokens.length === 1 ? protectedTokens[0] : null,
    live: live ?? null,
    ...{ fullLength, sample },
    ...(grid !== undefined && { grid }),
  };
}

/** Which tokens stay, and what is there after the step. */
export interface Choice {
  /** Indices into the tokens before the step. */
  readonly chosen: Int32Array;
  readonly kept: KeptTokens;
  /** Where those that leave go; undefined where they are dropped. */
  readonly merging?: Merging;
}

export interface Merging {
  readonly operation: Exclude<Operation, 'drop'>;
  readonly pairs: readonly Pair[];
  /** [L], before the step. */
  readonly sizes: Int32Array;
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
  tokens: KeptTokens,
  rule: CountRule = 'every-token',
  protectedTokens: Int32Array = new Int32Array(0),
): Choice {
  const { positions, live } = tokens;
  const count = keptCount(liveCount(tokens), plan.schedule[step].keep, rule);
  const alive = live === undefined ? undefined : (token: number) => live[token] === 1;
  const chosen = selectTokens(scores, positions, protectedTokens, count, plan.tokenOrder, alive);
  return { chosen, kept: after(plan, tokens, chosen, tokens.sizes) };
}

/**
 * A step by whatever rule the plan names: scores and the choice, or pairs.
 *
 * @param seen is told the scores, where there are any
 * @throws UserError where a rule finds no destination for as many as are to leave
 */
export function reduceTokens(
  plan: PruningPlan,
  place: StepPlace,
  signals: SignalSource,
  tokens: KeptTokens,
  rule: CountRule = 'every-token',
  seen: (scores: ArrayLike<number>) => void = () => {},
): Choice {
  const { step, protectedTokens } = place;
  const own = ruleOf(plan);
  if (own.score !== undefined) {
    const scores = importance(plan, place, signals, tokens);
    seen(scores);
    return chooseTokens(plan, step, scores, tokens, rule, protectedTokens);
  }
  const context = contextOf(plan, place, tokens);
  const living = liveCount(tokens);
  const leaving = living - keptCount(living, plan.schedule[step].keep, rule);
  const { pairs, order } = leaving === 0 ? { pairs: [] } : pairTokens(plan, context, signals, leaving);
  const left = new Set(pairs.map(([from]) => from));
  const others = unprotected(context).filter((token) => !left.has(token));
  const chosen =
    order === undefined
      ? inTokenOrder(others, protectedTokens, plan.tokenOrder, context.length)
      : Int32Array.from(order);
  const { operation = 'drop' } = plan;
  const grid = order === undefined ? tokens.grid : own.grid!(context.grid!, chosen.length);
  const here = { ...tokens, ...(grid !== undefined && { grid }) };
  if (operation === 'drop') return { chosen, kept: after(plan, here, chosen, tokens.sizes) };
  const { sizes } = context;
  return {
    chosen,
    kept: after(plan, here, chosen, mergedSizes(pairs, sizes)),
    merging: { operation, pairs, sizes },
  };
}

function liveCount({ positions, live }: KeptTokens): number {
  return live === undefined ? positions.length : live.reduce((sum, alive) => sum + alive, 0);
}

/** @param sizes [L] of the tokens before the step, with what has joined them */
function after(
  { alignment }: PruningPlan,
  { positions, grid }: KeptTokens,
  chosen: Int32Array,
  sizes: Int32Array | undefined,
): KeptTokens {
  if (alignment === 'mask') {
    const live = new Uint8Array(positions.length);
    for (const token of chosen) live[token] = 1;
    return { positions, live, ...(sizes !== undefined && { sizes: sizes.map((size, i) => size * live[i]) }) };
  }
  return {
    positions: chosen.map((token) => positions[token]),
    ...(grid !== undefined && { grid }),
    ...(sizes !== undefined && { sizes: chosen.map((token) => sizes[token]) }),
  };
}

/**
 * Rows [L, width] after a step, with what has joined them: those chosen, or, under `mask`, all of them with zeros for
 * tokens that are gone.
 *
 * @param stream which one the rows are, of a block that has two; one alone holds the block's output
 */
export function keptRows(
  rows: Float64Array,
  { chosen, kept, merging }: Choice,
  width: number,
  stream: StreamName = 'output',
): Float64Array {
  const joined = merging === undefined ? rows : combineRows(rows, width, merging, stream);
  return kept.live === undefined ? gatherRows(joined, chosen, width) : zeroGone(joined, kept);
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
