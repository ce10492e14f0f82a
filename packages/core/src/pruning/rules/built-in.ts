/** The rules that need no file: one definition each, by the names of `--signal`. */
import { randomScores } from '../random.ts';
import { type ReductionName, reduceSignal, reductionTable } from './reductions.ts';
import type { Floats, Rule, SignalName, TokenContext, Tokens } from './rule.ts';

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
    rule: ({ seed }) => ({
      name: 'random',
      signals: [],
      flops: () => 0,
      score({ positions, fullLength, sample, step }) {
        const scores = randomScores(seed, sample, step, fullLength);
        return Float64Array.from(positions, (position) => scores[position]);
      },
    }),
  },
  evit: {
    label: 'EViT rule',
    explanation:
      'similarity to the class token (with registers, to their mean; with neither, to the mean of all): our reading of EViT for a model without attention',
    signals: ['gated'],
    reduced: false,
    rule: () => ({
      name: 'evit',
      signals: ['gated'],
      flops: ({ length, channels }) => 2 * length * channels,
      score: (tokens) => similarityTo(query(tokens), tokens.gated),
    }),
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
        const scores = reduceSignal(tokens[name], tokens.length, tokens.channels, reduce);
        return order === 'mirrored' ? scores.reverse() : scores;
      },
    }),
  };
}

/**
 * What the EViT rule compares every token with, [E]: the gated output of what the classifier reads, that is of the
 * class token, the mean of the registers, or the mean over the tokens that live.
 */
function query({ gated, channels, protectedTokens, live, length }: Tokens<'gated'>): Floats {
  if (protectedTokens.length === 0) return meanRow(gated, { length, live });
  const rowOf = (token: number) => gated.subarray(token * channels, (token + 1) * channels);
  if (protectedTokens.length === 1) return rowOf(protectedTokens[0]);
  const own = new Float64Array(protectedTokens.length * channels);
  for (const [i, token] of protectedTokens.entries()) own.set(rowOf(token), i * channels);
  return meanRow(own, { length: protectedTokens.length, live: null });
}

/** Mean over the tokens that live. rows [L, width] → [width] */
export function meanRow(rows: Floats, { length, live }: Pick<TokenContext, 'length' | 'live'>): Float64Array {
  const width = rows.length / length;
  const mean = new Float64Array(width);
  let count = 0;
  for (let token = 0; token < length; token++) {
    if (live !== null && live[token] === 0) continue;
    count++;
    for (let i = 0; i < width; i++) mean[i] += rows[token * width + i];
  }
  return mean.map((sum) => sum / count);
}

/** Dot product of each token's signal [L, E] with a query [E]. */
function similarityTo(query: Floats, signal: Floats): Float64Array {
  const channels = query.length;
  return Float64Array.from({ length: signal.length / channels }, (_, token) => {
    let dot = 0;
    for (let channel = 0; channel < channels; channel++)
      dot += query[channel] * signal[token * channels + channel];
    return dot;
  });
}
