/**
 * Content and contribution (ours): what the scans have put out for a token, and what the classifier has read of it through
 * them, as lengths over the channels:
 *
 *     s_t = ‖ y_t ‖ + ‖ c_t ‖
 *
 * y: the directions' sum, not gated. c: class contribution, contributions.ts. Content alone tells well which tokens hold
 * nothing, contribution alone which the classifier cannot do without; docs/winning-rule.md has how they were found.
 */
import { readingFlops, readingPaperFlops } from './reading-flops.ts';
import type { ScoringRule } from './rule.ts';

export const contentContribution: ScoringRule<'ssm' | 'contributions'> = {
  name: 'content-contribution',
  signals: ['ssm', 'contributions'],
  // Two lengths and their sum.
  flops: (shape) => readingFlops(shape) + shape.length * (2 * (2 * shape.channels + 1) + 1),
  paperFlops: readingPaperFlops,
  score({ ssm, contributions, reduce }) {
    const read = reduce(contributions, 'l2');
    return reduce(ssm, 'l2').map((content, token) => content + read[token]);
  },
};
