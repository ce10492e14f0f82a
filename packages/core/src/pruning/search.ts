/**
 * Which schedules save a given part of a model's FLOPs (paper profile): an enumeration of evenly spaced steps of
 * one keep ratio. What it finds is arithmetic, not anybody's published choice.
 *
 * A schedule prunes after blocks a_1 < … < a_n of D at the ratio k. Its `imbalance` is the sum of four fractions,
 * lowest first:
 * - of the depth: the root mean square of (a_i - i·D/(n+1)) / D, how far its steps are from cutting the depth into
 *   n + 1 equal parts;
 * - of the tokens: 1 - k, what one step drops at once;
 * - of the blocks: n / D, how many of them are followed by a step;
 * - of the FLOPs: the distance between the part saved and the part asked for.
 */
import { UserError } from '../errors.ts';
import type { PruningPlan } from './plan.ts';
import type { PruningStep } from './schedule.ts';

export interface ScheduleSearch {
  /** Part of the dense model's FLOPs to be saved, between 0 and 1. */
  readonly reduction: number;
  /** Largest distance from it. Default: 0.001, a tenth of a percentage point. */
  readonly tolerance?: number;
  /** Ratios to try; `solved` asks, for every set of blocks, for the ratio of three decimals that comes closest. */
  readonly keeps?: readonly number[] | 'solved';
  /** Fewest and most pruning steps. Default: 1 and as many as there are blocks. */
  readonly steps?: readonly [number, number];
  /** What else the plans say; alignment, the counting of the class token and the rule change the FLOPs. */
  readonly plan?: Partial<Omit<PruningPlan, 'schedule'>>;
}

export interface FoundSchedule {
  readonly plan: PruningPlan;
  readonly keep: number;
  /** Part of the dense model's FLOPs that it saves. */
  readonly reduction: number;
  readonly imbalance: number;
}

/** The model that is to be pruned, as far as the search asks. */
export interface SearchedModel {
  readonly depth: number;
  /** A plan for the model with this schedule. */
  planOf(schedule: readonly PruningStep[]): PruningPlan;
  /** By the paper's profile. */
  flopsOf(plan: PruningPlan): number;
}

/** 0.5, 0.55, … 0.95 */
export const usualKeepRatios: readonly number[] = Array.from({ length: 10 }, (_, i) => (50 + 5 * i) / 100);

/**
 * Every schedule within the tolerance, best-balanced first; where two are equally balanced, the one with fewer
 * steps, then the one that begins earlier.
 *
 * @throws UserError for a target, ratios or options without meaning, and where the rule can follow none of the schedules
 */
export function schedulesSaving(
  model: SearchedModel,
  {
    reduction: target,
    tolerance = 0.001,
    keeps = usualKeepRatios,
    steps = [1, model.depth],
  }: Omit<ScheduleSearch, 'plan'>,
): readonly FoundSchedule[] {
  checkSearch(target, tolerance, keeps, steps);
  const planOf = (blocks: readonly number[], keep: number) =>
    model.planOf(blocks.map((after) => ({ after, keep })));
  if (planOf([], 1).alignment === 'mask') {
    throw new UserError('alignment "mask" keeps every token in the sequence, so no schedule saves FLOPs');
  }
  const dense = model.flopsOf(planOf([], 1));
  let tried = 0;
  let refusal: UserError | undefined;
  /** Undefined for a schedule that the rule cannot follow: one that pairs tokens has too few to give them to. */
  const reductionOf = (plan: PruningPlan): number | undefined => {
    try {
      const reduction = 1 - model.flopsOf(plan) / dense;
      tried++;
      return reduction;
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      refusal ??= error;
      return undefined;
    }
  };

  const found: FoundSchedule[] = [];
  for (const blocks of evenlySpaced(model.depth, steps)) {
    const candidates =
      keeps === 'solved' ? [closestKeep(target, (keep) => reductionOf(planOf(blocks, keep)))] : keeps;
    for (const keep of candidates) {
      const plan = planOf(blocks, keep);
      const reduction = reductionOf(plan);
      if (reduction === undefined) continue;
      const distance = Math.abs(reduction - target);
      if (distance > tolerance) continue;
      const imbalance = unevenness(blocks, model.depth) + (1 - keep) + blocks.length / model.depth + distance;
      found.push({ plan, keep, reduction, imbalance });
    }
  }
  if (tried === 0 && refusal !== undefined) throw refusal;
  return found.sort((a, b) => a.imbalance - b.imbalance || compareBlocks(a.plan, b.plan));
}

/** Root mean square of the steps' distances from the ends of n + 1 equal parts of the depth, as a part of it. */
function unevenness(blocks: readonly number[], depth: number): number {
  const part = depth / (blocks.length + 1);
  const squares = blocks.reduce((sum, block, i) => sum + (block - (i + 1) * part) ** 2, 0);
  return Math.sqrt(squares / blocks.length) / depth;
}

/** Every first block, gap and count of steps; none follows the last block, where it would save nothing. */
function* evenlySpaced(
  depth: number,
  [fewest, most]: readonly [number, number],
): Generator<readonly number[]> {
  for (let first = 1; first < depth; first++) {
    for (let gap = 1; gap < depth; gap++) {
      const fitting = Math.floor((depth - 1 - first) / gap) + 1;
      for (let count = fewest; count <= Math.min(fitting, most); count++) {
        // One step has no gap.
        if (count === 1 && gap > 1) continue;
        yield Array.from({ length: count }, (_, i) => first + i * gap);
      }
    }
  }
}

/**
 * The ratio of three decimals whose reduction is closest to the target; keeping more never saves more, and what keeps too
 * little to be followed would save too much.
 */
function closestKeep(target: number, reductionOf: (keep: number) => number | undefined): number {
  const saved = (keep: number) => reductionOf(keep) ?? 1;
  let least = 1;
  let most = 999;
  while (least < most) {
    const middle = Math.ceil((least + most) / 2);
    if (saved(middle / 1000) >= target) least = middle;
    else most = middle - 1;
  }
  const [saving, sparing] = [least, Math.min(least + 1, 999)].map((thousandths) => thousandths / 1000);
  return Math.abs(saved(saving) - target) <= Math.abs(saved(sparing) - target) ? saving : sparing;
}

function compareBlocks(a: PruningPlan, b: PruningPlan): number {
  return a.schedule.length - b.schedule.length || a.schedule[0].after - b.schedule[0].after;
}

function checkSearch(
  target: number,
  tolerance: number,
  keeps: readonly number[] | 'solved',
  [fewest, most]: readonly [number, number],
): void {
  if (!(target > 0 && target < 1)) {
    throw new UserError(
      `reduction ${target}: must be a part of the FLOPs between 0 and 1, for instance 0.416`,
    );
  }
  if (!(tolerance >= 0 && tolerance < 1)) {
    throw new UserError(
      `tolerance ${tolerance}: must be a part of the FLOPs from 0 to 1, for instance 0.001`,
    );
  }
  for (const keep of keeps === 'solved' ? [] : keeps) {
    if (!(keep > 0 && keep < 1)) throw new UserError(`keep ratio ${keep}: must be between 0 and 1`);
  }
  if (!(Number.isInteger(fewest) && Number.isInteger(most) && 1 <= fewest && fewest <= most)) {
    throw new UserError(
      `steps ${fewest} to ${most}: must be whole numbers, 1 or more, the first not above the second`,
    );
  }
}
