/** What it costs to know what the classifier's token has read of each token; see contributions.ts. */
import type { RuleShape } from './rule.ts';

/**
 * Strict FLOPs. Of each step: the reader's weight times C and the sum, the decay's product and exp, times G, times B and
 * the sum; time, Δ, u and the sum over directions.
 */
export function readingFlops(shape: RuleShape): number {
  return steps(shape) * shape.channels * (7 * shape.states + 5);
}

/** What the paper's profile charges a scan of so many steps. */
export function readingPaperFlops(shape: RuleShape): number {
  return steps(shape) * shape.channels * 9 * shape.states;
}

/** Steps of all directions together: what comes after the only reader in scan order is not read in that direction. */
function steps({ length, directions, protectedTokens }: RuleShape): number {
  return protectedTokens === 1 ? length : directions * length;
}
