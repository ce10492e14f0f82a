/** The rules that need no file: one definition each, by the names of `--signal`. */
import { evitRule } from './evit.ts';
import { randomRule } from './random.ts';
import { type ReductionName, reduceSignal, reductionTable } from './reductions.ts';
import type { Rule, SignalName } from './rule.ts';

/** `mirrored` uses the score of token L-1-i for token i, the released code's slip. */
export const scoreOrders = ['aligned', 'mirrored'] as const;
export type ScoreOrder = (typeof scoreOrders)[number];

/** What a plan says about its rule beside the name. */
export interface RuleOptions {
  readonly reduce: ReductionName;
  readonly order: ScoreOrder;
  readonly seed: number;
}

export interface BuiltInRule {
  /** In reports: "EViT rule". Of a reduced signal: what stands after the reduction's label, or nothing. */
  readonly label: string;
  /** On the page, and in documentation. */
  readonly explanation: string;
  /** What the mixer has to hand out. A family whose mixer does not has no such rule. */
  readonly signals: readonly SignalName[];
  /** Whether `reduce` and `order` apply. */
  readonly reduced: boolean;
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
    rule: ({ reduce, order }): Rule => ({
      name: `${name}-${reduce}`,
      signals: [name],
      flops({ length, channels }) {
        const { perElement, perToken } = reductionTable[reduce].flops;
        return perElement * length * channels + perToken * length;
      },
      score(tokens) {
        const scores = reduceSignal(tokens[name], tokens.length, tokens.channels, reductionTable[reduce]);
        return order === 'mirrored' ? scores.reverse() : scores;
      },
    }),
  };
}
