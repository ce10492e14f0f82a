/** The strict cost of a pruning step, the same for every family. */
import type { PruningPlan } from '../pruning/plan.ts';
import { ruleOf } from '../pruning/rules/loaded.ts';

/** d: channels of the token stream. E: channels inside the mixer. */
interface Widths {
  readonly width: number;
  readonly innerWidth: number;
  readonly stateSize: number;
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
export function strictScoring(spec: Widths, plan: PruningPlan, L: number): number {
  const { width, innerWidth: channels, stateSize: states } = spec;
  return ruleOf(plan).flops?.({ length: L, channels, states, width }) ?? 0;
}
