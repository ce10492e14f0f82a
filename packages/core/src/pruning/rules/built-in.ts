/** The rules that need no file: one definition each, by the names of `--signal`. */
import type { Metric, Operation } from '../operation.ts';
import { classContribution } from './class-contribution.ts';
import { contentContribution } from './content-contribution.ts';
import { deltaRule } from './delta.ts';
import { evitRule } from './evit.ts';
import { mtrLike } from './mtr-like.ts';
import { orderedTome } from './ordered-tome.ts';
import { randomRule } from './random.ts';
import { type ReductionName, reductionTable } from './reductions.ts';
import type { Rule, ScoringRule, SignalName } from './rule.ts';
import { storm } from './storm.ts';
import { utr } from './utr.ts';

/** `mirrored` uses the score of token L-1-i for token i, the released code's slip. */
export const scoreOrders = ['aligned', 'mirrored'] as const;
export type ScoreOrder = (typeof scoreOrders)[number];

/** What a plan says about its rule beside the name. */
export interface RuleOptions {
  readonly reduce: ReductionName;
  readonly order: ScoreOrder;
  readonly seed: number;
  /** By what tokens are compared, where they are. */
  readonly metric?: Metric | undefined;
}

/** Where a rule is from, which every table that shows it says. */
export type Origin = 'as published' | 'our reading' | 'ours';

export interface BuiltInRule {
  /** In reports: "EViT rule". Of a reduced signal: what stands after the reduction's label, or nothing. */
  readonly label: string;
  /** On the page, and in documentation. */
  readonly explanation: string;
  /** Of rules that the paper itself does not compare: where it is from. */
  readonly origin?: Origin;
  /** What the mixer has to hand out beside the metric. A family whose mixer does not has no such rule. */
  readonly signals: readonly SignalName[];
  /** Whether `reduce` and `order` apply. */
  readonly reduced: boolean;
  /** What becomes of leaving tokens unless a plan says; of a rule that pairs them by a metric. Default: they are dropped. */
  readonly pairs?: Operation;
  /**
   * Of a rule that pairs tokens by where they stand on the grid, by no metric of the plan's, and leaves a smaller full
   * grid, which later blocks read as one.
   */
  readonly leavesGrid?: true;
  rule(options: RuleOptions): Rule;
}

const definitions = {
  gated: reducedSignal('gated', '', 'gated scan output'),
  'gated-backward': reducedSignal(
    'gated-backward',
    'of gated-backward',
    'gated scan output, backward only, as in the released code',
  ),
  ssm: reducedSignal('ssm', 'of ssm', 'scan output before the gate'),
  random: {
    label: 'random',
    explanation: 'drawn at random, the same for an image wherever it runs',
    signals: [],
    reduced: false,
    rule: ({ seed }) => randomRule(seed),
  },
  evit: {
    label: 'EViT rule',
    explanation:
      'similarity to the class token (with registers, to their mean; with neither, to the mean of all): our reading of EViT for a model without attention',
    signals: ['gated'],
    reduced: false,
    rule: () => evitRule,
  },
  delta: {
    label: 'Δ score',
    explanation:
      'mean Δ over the channels, all directions: how much of a token the state takes in; our reading of MTR',
    origin: 'our reading',
    signals: ['delta'],
    reduced: false,
    rule: () => deltaRule,
  },
  'class-contribution': {
    label: 'class contribution',
    explanation: 'how much of what the classifier’s token has read in this block is this token’s; ours',
    origin: 'ours',
    signals: ['contributions'],
    reduced: false,
    rule: () => classContribution,
  },
  'content-contribution': {
    label: 'content + contribution',
    explanation:
      'what the scans have put out for a token, and what the classifier’s token has read of it: the sum of both lengths; ours',
    origin: 'ours',
    signals: ['ssm', 'contributions'],
    reduced: false,
    rule: () => contentContribution,
  },
  tome: {
    label: 'ordered ToMe',
    explanation:
      'tokens in even places join the most similar in odd places, the most similar pairs first (R-MeeTo)',
    origin: 'as published',
    signals: [],
    reduced: false,
    pairs: 'merge',
    rule: ({ metric }) => orderedTome(metric!),
  },
  'mtr-like': {
    label: 'MTR-like',
    explanation: 'the lowest Δ scores leave and join the most similar of the next lowest; our reading of MTR',
    origin: 'our reading',
    signals: ['delta'],
    reduced: false,
    pairs: 'merge',
    rule: ({ metric }) => mtrLike(metric!),
  },
  utr: {
    label: 'UTR',
    explanation:
      'the lower half by the clipped scan output joins the most similar of the upper half; the paper’s text',
    origin: 'our reading',
    signals: ['ssm'],
    reduced: false,
    pairs: 'half',
    rule: ({ metric }) => utr(metric!),
  },
  storm: {
    label: 'STORM',
    explanation:
      'neighbours in rows, then in columns, join where they differ least, so that a smaller full grid is left (STORM)',
    origin: 'as published',
    signals: ['residual'],
    reduced: false,
    pairs: 'merge-sum',
    leavesGrid: true,
    rule: () => storm,
  },
} as const satisfies Readonly<Record<string, BuiltInRule>>;

/** What a token is scored by without a rule file. */
export type Signal = keyof typeof definitions;

export const builtInRules: Readonly<Record<Signal, BuiltInRule>> = definitions;

/** Values of `signal`. */
export const signals = Object.keys(definitions) as [Signal, ...Signal[]];

/** A signal [L, E] reduced over its channels. */
function reducedSignal(
  name: 'gated' | 'gated-backward' | 'ssm',
  label: string,
  explanation: string,
): BuiltInRule {
  return {
    label,
    explanation,
    signals: [name],
    reduced: true,
    rule: ({ reduce, order }): ScoringRule => ({
      name: `${name}-${reduce}`,
      signals: [name],
      flops({ length, channels }) {
        const { perElement, perToken } = reductionTable[reduce].flops;
        return perElement * length * channels + perToken * length;
      },
      score(tokens) {
        const scores = tokens.reduce(tokens[name], reduce);
        return order === 'mirrored' ? scores.reverse() : scores;
      },
    }),
  };
}
