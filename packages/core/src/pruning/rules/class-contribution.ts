/**
 * Class contribution (ours): Σ_e | what the classifier has read of a token in this block, in channel e |, directly and
 * through the state; contributions.ts has the formula.
 */
import { l1 } from './reductions/l1.ts';
import { reduceSignal } from './reductions.ts';
import type { RuleShape, ScoringRule } from './rule.ts';

export const classContribution: ScoringRule<'contributions'> = {
  name: 'class-contribution',
  signals: ['contributions'],
  // Of each step: the reader's weight times C and the sum, the decay's product and exp, times G, times B and the sum;
  // time, Δ, u and the sum over directions; and the magnitudes.
  flops: (shape) =>
    steps(shape) * shape.channels * (7 * shape.states + 5) + 2 * shape.length * shape.channels,
  // What the paper's profile charges a scan of so many steps.
  paperFlops: (shape) => steps(shape) * shape.channels * 9 * shape.states,
  score: ({ contributions, length, channels }) => reduceSignal(contributions, length, channels, l1),
};

/** Steps of all directions together: what comes after the only reader in scan order is not read in that direction. */
function steps({ length, directions, protectedTokens }: RuleShape): number {
  return protectedTokens === 1 ? length : directions * length;
}
