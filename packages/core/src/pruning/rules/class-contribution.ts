/**
 * Class contribution (ours): Σ_e | what the classifier has read of a token in this block, in channel e |, directly and
 * through the state; contributions.ts has the formula.
 */

import { readingFlops, readingPaperFlops } from './reading-flops.ts';
import type { ScoringRule } from './rule.ts';

export const classContribution: ScoringRule<'contributions'> = {
  name: 'class-contribution',
  signals: ['contributions'],
  // And the magnitudes.
  flops: (shape) => readingFlops(shape) + 2 * shape.length * shape.channels,
  paperFlops: readingPaperFlops,
  score: ({ contributions, reduce }) => reduce(contributions, 'l1'),
};
