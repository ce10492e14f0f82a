/**
 * A pruning plan: when tokens are dropped, by which score, and what the later blocks do about the gaps.
 * Plans are data; everything that executes one (reference, ONNX graphs, kernels) reads this and nothing else.
 */
import { UserError } from '../errors.ts';
import type { ModelFamily, ModelSpec } from '../model.ts';
import { checkSchedule, type PruningStep } from './schedule.ts';

/** What a token is scored by. `random` and `evit` are the baselines; `reduce` and `order` do not apply to them. */
export const signals = ['gated', 'gated-backward', 'ssm', 'random', 'evit'] as const;
export type Signal = (typeof signals)[number];

/** How a signal of E channels becomes one score. `clip` = Σ max(0, ·), the paper's. */
export const reductions = ['clip', 'sum', 'l1', 'l2'] as const;
export type Reduction = (typeof reductions)[number];

/** `mirrored` uses the score of token L-1-i for token i, the released code's slip. */
export const scoreOrders = ['aligned', 'mirrored'] as const;
export type ScoreOrder = (typeof scoreOrders)[number];

/** What the scan does about tokens that are no longer there. */
export const alignments = ['none', 'decay', 'mask'] as const;
export type Alignment = (typeof alignments)[number];

/** What the causal convolution's taps see: the kept neighbours, or the original ones (zero where pruned). */
export const convModes = ['compact', 'positional'] as const;
export type ConvMode = (typeof convModes)[number];

/** Where kept tokens stand: in position order, or with the class token moved to the middle. */
export const tokenOrders = ['original', 'recentred'] as const;
export type TokenOrder = (typeof tokenOrders)[number];

export interface PruningPlan {
  readonly schedule: readonly PruningStep[];
  readonly signal: Signal;
  readonly reduce: Reduction;
  readonly order: ScoreOrder;
  readonly alignment: Alignment;
  readonly conv: ConvMode;
  readonly tokenOrder: TokenOrder;
  /** The released masking code's count: k = ceil(L·keep), the class token counted too. */
  readonly countClassToken: boolean;
  /** Seed of the `random` signal. */
  readonly seed: number;
}

/** No pruning at all. */
export const densePlan: PruningPlan = pruningPlan({ schedule: [] });

/**
 * Completes and checks a plan. `conv` follows the alignment: compact with `none`, positional otherwise and
 * always for PlainMamba, whose convolution runs on the grid.
 *
 * @throws UserError for a combination without meaning, in itself or for the family
 */
export function pruningPlan(
  options: Partial<PruningPlan> & Pick<PruningPlan, 'schedule'>,
  family: ModelFamily = 'vim',
): PruningPlan {
  const alignment = options.alignment ?? 'decay';
  const plan: PruningPlan = {
    schedule: checkSchedule(options.schedule),
    signal: options.signal ?? 'gated',
    reduce: options.reduce ?? 'clip',
    order: options.order ?? 'aligned',
    alignment,
    conv: options.conv ?? (alignment === 'none' && family === 'vim' ? 'compact' : 'positional'),
    tokenOrder: options.tokenOrder ?? 'original',
    countClassToken: options.countClassToken ?? false,
    seed: options.seed ?? 0,
  };
  checkCombination(plan);
  checkFamily(plan, family);
  return plan;
}

/** Throws a UserError where a model cannot be pruned by a plan: another family's option, or a block it lacks. */
export function checkPlan(spec: Pick<ModelSpec, 'family' | 'depth'>, plan: PruningPlan): void {
  checkFamily(plan, spec.family);
  for (const { after } of plan.schedule) {
    if (after > spec.depth) {
      throw new UserError(`schedule: block ${after} is not there; the model has ${spec.depth} blocks`);
    }
  }
}

function checkCombination(plan: PruningPlan): void {
  if (plan.tokenOrder === 'recentred' && !(plan.alignment === 'none' && plan.conv === 'compact')) {
    throw new UserError(
      `token order "recentred" goes with alignment "none" and convolution "compact" only, not with "${plan.alignment}" and "${plan.conv}": positions have no meaning once the class token has moved`,
    );
  }
  if (plan.alignment === 'mask' && plan.conv === 'compact') {
    throw new UserError(
      'alignment "mask" implies convolution "positional": pruned tokens stay in the sequence, so there are no compact neighbours',
    );
  }
  if (!Number.isSafeInteger(plan.seed) || plan.seed < 0) {
    throw new UserError(`seed ${plan.seed}: must be a whole number from 0 to 2^53 - 1`);
  }
}

/** A dense plan prunes nothing by any rule, so it fits both families. */
function checkFamily(plan: PruningPlan, family: ModelFamily): void {
  if (family === 'vim' || plan.schedule.length === 0) return;
  const vimOnly: [boolean, string][] = [
    [plan.tokenOrder === 'recentred', 'token order "recentred"'],
    [plan.order === 'mirrored', 'score order "mirrored"'],
    [plan.signal === 'gated-backward', 'signal "gated-backward"'],
    [plan.conv === 'compact', 'convolution "compact"'],
    [plan.countClassToken, 'counting the class token'],
  ];
  for (const [given, what] of vimOnly) {
    if (given) throw new UserError(`${what} exists for Vim only, not for PlainMamba`);
  }
}

/** True where the scan or the convolution must know original positions. */
export function needsPositions(plan: PruningPlan): boolean {
  return plan.schedule.length > 0 && (plan.alignment === 'decay' || plan.conv === 'positional');
}
