/**
 * A pruning plan: when tokens are dropped, by which score, and what the later blocks do about the gaps.
 * Plans are data; everything that executes one (reference, ONNX graphs, kernels) reads this and nothing else.
 */
import { UserError } from '../errors.ts';
import type { Metric, Operation } from './operation.ts';
import { type BuiltInRule, builtInRules, type ScoreOrder, type Signal } from './rules/built-in.ts';
import { pairsByItself, type RuleReference, signalsRead } from './rules/loaded.ts';
import type { ReductionName } from './rules/reductions.ts';
import { checkSchedule, type PruningStep } from './schedule.ts';

/** What the scan does about tokens that are no longer there. */
export const alignments = ['none', 'decay', 'mask'] as const;
export type Alignment = (typeof alignments)[number];

/** What the causal convolution's taps see: the kept neighbours, or the original ones (zero where pruned). */
export const convModes = ['compact', 'positional'] as const;
export type ConvMode = (typeof convModes)[number];

/**
 * Where kept tokens stand: in position order; with the class token moved to the middle (ToP's released code); or with
 * the class token in proportion to where it was, at index floor(i·K/L) (R-MeeTo).
 */
export const tokenOrders = ['original', 'recentred', 'proportional'] as const;
export type TokenOrder = (typeof tokenOrders)[number];

export interface PruningPlan {
  readonly schedule: readonly PruningStep[];
  /** What a token is scored by: a built-in rule's name, or `file`: the file that `rule` names. */
  readonly signal: Signal | 'file';
  /** How a signal of E channels becomes one score; of rules that do not, the default. */
  readonly reduce: ReductionName;
  readonly order: ScoreOrder;
  readonly alignment: Alignment;
  readonly conv: ConvMode;
  readonly tokenOrder: TokenOrder;
  /** The released masking code's count: k = ceil(L·keep), the class token counted too. */
  readonly countClassToken: boolean;
  /** Seed of the `random` signal. */
  readonly seed: number;
  /** Of signal `file`, and of no other. */
  readonly rule?: RuleReference | undefined;
  /** What becomes of leaving tokens. Absent: a rule that ranks tokens drops them. */
  readonly operation?: Operation | undefined;
  /** By what tokens are compared for a destination; present exactly where they are. */
  readonly metric?: Metric | undefined;
}

/**
 * Choices that not every family has: whether a plan makes one, and what messages call it. A family says of each
 * whether it has it.
 */
const optionalChoices = {
  recentred: [(plan: PruningPlan) => plan.tokenOrder === 'recentred', 'token order "recentred"'],
  proportional: [(plan: PruningPlan) => plan.tokenOrder === 'proportional', 'token order "proportional"'],
  mirrored: [(plan: PruningPlan) => plan.order === 'mirrored', 'score order "mirrored"'],
  'gated-backward': [
    (plan: PruningPlan) => signalsRead(plan).includes('gated-backward'),
    'signal "gated-backward"',
  ],
  // Of a rule that leaves a full grid it is a part.
  compact: [
    (plan: PruningPlan) => plan.conv === 'compact' && !leavesGrid(plan.signal),
    'convolution "compact"',
  ],
  storm: [(plan: PruningPlan) => plan.signal === 'storm', 'rule "storm"'],
  countClassToken: [(plan: PruningPlan) => plan.countClassToken, 'counting the class token'],
} as const;

export type OptionalChoice = keyof typeof optionalChoices;

/** What a family admits of a plan. */
export interface PlanRules {
  readonly choices: Readonly<Record<OptionalChoice, boolean>>;
  /** What the convolution's taps see under alignment `none`, unless a plan says. */
  readonly convUnderNone: ConvMode;
}

/** Every choice of a model with a class token: all there are but STORM's windows, which are of a grid and nothing else. */
export const everyChoice: PlanRules = {
  choices: {
    recentred: true,
    proportional: true,
    mirrored: true,
    'gated-backward': true,
    compact: true,
    storm: false,
    countClassToken: true,
  },
  convUnderNone: 'compact',
};

/**
 * Completes a plan and checks its combination. `conv` follows the alignment: positional, except under `none`, where
 * it is what the rules say.
 *
 * @throws UserError for a combination without meaning
 */
export function completePlan(
  options: Partial<PruningPlan> & Pick<PruningPlan, 'schedule'>,
  { convUnderNone }: Pick<PlanRules, 'convUnderNone'> = everyChoice,
): PruningPlan {
  const signal = options.signal ?? (options.rule === undefined ? 'gated' : 'file');
  const alignment = options.alignment ?? (leavesGrid(signal) ? 'none' : 'decay');
  const convWithout = leavesGrid(signal) ? 'compact' : convUnderNone;
  const rule =
    options.rule === undefined ? undefined : { name: options.rule.name, sha256: options.rule.sha256 };
  const plan: PruningPlan = {
    schedule: checkSchedule(options.schedule),
    signal,
    reduce: options.reduce ?? 'clip',
    order: options.order ?? 'aligned',
    alignment,
    conv: options.conv ?? (alignment === 'none' ? convWithout : 'positional'),
    tokenOrder: options.tokenOrder ?? 'original',
    countClassToken: options.countClassToken ?? false,
    seed: options.seed ?? 0,
    ...(rule !== undefined && { rule }),
    ...merging({ signal, rule }, options),
  };
  checkCombination(plan);
  return plan;
}

/** What a plan says about leaving tokens, as far as there is anything to be said. */
function merging(
  { signal, rule }: Pick<PruningPlan, 'signal' | 'rule'>,
  options: Pick<Partial<PruningPlan>, 'operation' | 'metric'>,
): Pick<PruningPlan, 'operation' | 'metric'> {
  const pairs = pairsByItself({ signal, rule });
  // A file that is not loaded here: its plan has been completed where it was.
  if (pairs === undefined) {
    const { operation, metric } = options;
    return operation === undefined ? {} : { operation, ...(metric !== undefined && { metric }) };
  }
  const usual = signal === 'file' ? (pairs ? 'merge' : 'drop') : (builtInRules[signal].pairs ?? 'drop');
  const operation = options.operation ?? usual;
  if (operation === 'drop' && !pairs) return refusedMetric(options, 'tokens that are dropped go nowhere');
  if (signal === 'file' && pairs) {
    return { operation, ...refusedMetric(options, `rule "${rule?.name}" finds destinations by itself`) };
  }
  if (leavesGrid(signal)) {
    return { operation, ...refusedMetric(options, `rule "${signal}" pairs tokens by where they stand`) };
  }
  return { operation, metric: options.metric ?? 'hidden' };
}

function refusedMetric({ metric }: Pick<Partial<PruningPlan>, 'metric'>, why: string): Record<string, never> {
  if (metric === undefined) return {};
  throw new UserError(`metric "${metric}": ${why}, so nothing is compared by it`);
}

/**
 * The first choice of a plan that the rules do not admit, and what messages call it; undefined where all is well. A
 * plan without a schedule prunes nothing by any rule, so it fits every family.
 */
export function choiceNotAdmitted(
  plan: PruningPlan,
  { choices }: PlanRules,
): { readonly choice: OptionalChoice; readonly what: string } | undefined {
  if (plan.schedule.length === 0) return undefined;
  for (const choice of Object.keys(optionalChoices) as OptionalChoice[]) {
    const [made, what] = optionalChoices[choice];
    if (made(plan) && !choices[choice]) return { choice, what };
  }
  return undefined;
}

function checkCombination(plan: PruningPlan): void {
  if ((plan.signal === 'file') !== (plan.rule !== undefined)) {
    throw new UserError('signal "file" and a rule file go together, and with no other signal');
  }
  if (plan.rule !== undefined && (plan.reduce !== 'clip' || plan.order !== 'aligned')) {
    throw new UserError(
      `rule "${plan.rule.name}" scores tokens by itself: reduce and order do not apply to it`,
    );
  }
  if (plan.signal !== 'file' && !builtInRules[plan.signal].reduced) checkUnreduced(plan);
  if (leavesGrid(plan.signal)) checkGridRule(plan);
  if (plan.tokenOrder !== 'original' && !(plan.alignment === 'none' && plan.conv === 'compact')) {
    throw new UserError(
      `token order "${plan.tokenOrder}" goes with alignment "none" and convolution "compact" only, not with "${plan.alignment}" and "${plan.conv}": positions have no meaning once the class token has moved`,
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

/** Whether a rule pairs tokens by where they stand on the grid, and leaves a smaller full one. */
function leavesGrid(signal: PruningPlan['signal']): boolean {
  return signal !== 'file' && (builtInRules[signal] as BuiltInRule).leavesGrid === true;
}

/** Reduction and order are of scores that are a signal's channels, reduced. */
function checkUnreduced({ signal, reduce, order }: PruningPlan): void {
  const given = reduce === 'clip' ? `order "${order}"` : `reduction "${reduce}"`;
  if (reduce !== 'clip' || order !== 'aligned') {
    throw new UserError(`rule "${signal}" reduces no signal’s channels: ${given} does not apply to it`);
  }
}

function checkGridRule({ signal, alignment, conv, tokenOrder, operation }: PruningPlan): void {
  if (alignment !== 'none' || conv !== 'compact') {
    throw new UserError(
      `rule "${signal}" goes with alignment "none" and convolution "compact" only, not with "${alignment}" and "${conv}": what is left is read as a smaller full grid, in which no cell is missing`,
    );
  }
  if (tokenOrder !== 'original') {
    throw new UserError(
      `rule "${signal}" has no token order "${tokenOrder}": it arranges what is left as a grid`,
    );
  }
  if (operation === 'half') {
    throw new UserError(
      `rule "${signal}" has no operation "half": its pairs are ranked within windows, so no half of them is the surer one; take merge-sum, merge or drop`,
    );
  }
}

/** Whether tokens are merged on leaving a block, 0-based. */
export function mergesAfter(
  { schedule, operation = 'drop' }: Pick<PruningPlan, 'schedule' | 'operation'>,
  block: number,
): boolean {
  return operation !== 'drop' && schedule.some(({ after }) => after === block + 1);
}
