/** The strict cost of a pruning step, the same for every family. */
import type { PruningPlan, Reduction } from '../pruning/plan.ts';

/** d: channels of the token stream. E: channels inside the mixer. */
interface Widths {
  readonly width: number;
  readonly innerWidth: number;
}

/**
 * One pruning step: the scores over L tokens, a sort of L scores (L·log2 L comparisons), and moving K rows of
 * `streams` streams (one operation per element; under `mask` one multiplication per element of all L rows).
 */
export function strictPruning(
  spec: Widths,
  plan: PruningPlan,
  L: number,
  K: number,
  streams: number,
): number {
  return strictScoring(spec, plan, L) + L * Math.ceil(Math.log2(L)) + streams * K * spec.width;
}

/** The scores of L tokens. */
export function strictScoring(spec: Pick<Widths, 'innerWidth'>, plan: PruningPlan, L: number): number {
  const perElement: Record<Reduction, number> = { clip: 2, sum: 1, l1: 2, l2: 2 };
  switch (plan.signal) {
    case 'random':
      return 0;
    case 'evit':
      return 2 * L * spec.innerWidth;
    case 'gated':
    case 'gated-backward':
    case 'ssm':
      return perElement[plan.reduce] * L * spec.innerWidth + (plan.reduce === 'l2' ? L : 0);
    default:
      throw plan.signal satisfies never;
  }
}
