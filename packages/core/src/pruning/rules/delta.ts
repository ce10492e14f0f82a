/**
 * The Δ score of MTR (arXiv 2507.14042, abstract; no code is published): how much of a token the state takes in,
 * s_t = (1/E) Σ_e Δ_{t,e}, Δ after bias and softplus, summed over the sets of projections.
 */
import type { Floats, RuleShape, ScoringRule, TokenContext } from './rule.ts';

export function deltaScores(delta: readonly Floats[], { length, channels }: TokenContext): Float64Array {
  const scores = new Float64Array(length);
  for (const rows of delta) {
    for (let token = 0; token < length; token++) {
      let sum = 0;
      for (let i = token * channels; i < (token + 1) * channels; i++) sum += rows[i];
      scores[token] += sum / channels;
    }
  }
  return scores;
}

export const deltaFlops = ({ length, channels, projectionSets }: RuleShape): number =>
  projectionSets * length * (channels + 2);

export const deltaRule: ScoringRule<'delta'> = {
  name: 'delta',
  signals: ['delta'],
  flops: deltaFlops,
  score: (tokens) => deltaScores(tokens.delta, tokens),
};
