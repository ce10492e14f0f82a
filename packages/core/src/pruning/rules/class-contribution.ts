/**
 * Class contribution (ours): Σ_e | what the classifier has read of a token in this block, in channel e |, directly and
 * through the state; contributions.ts has the formula.
 */

import { readingFlops, readingPaperFlops } from './reading-flops.ts';
import { l1 } from './reductions/l1.ts';
import { reduceSignal } from './reductions.ts';
import type { ScoringRule } from './rule.ts';

export const classContribution: ScoringRule<'contributions'> = {
  name: 'class-contribution',
  signals: ['contributions'],
  // And the magnitudes.
  flops: (shape) => readingFlops(shape) + 2 * shape.length * shape.channels,
  paperFlops: readingPaperFlops,
  score: ({ contributions, length, channels }) => reduceSignal(contributions, length, channels, l1),
};
