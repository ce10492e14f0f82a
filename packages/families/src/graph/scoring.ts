/** What the parts of every family count alike. */
import { type PruningPlan, strictScoring } from '@vssm/core';

/** Scores are added up while the scan writes its result. */
export function scoring(
  spec: { readonly innerWidth: number },
  plan: PruningPlan,
  block: number,
  L: number,
): number {
  return plan.schedule.some(({ after }) => after === block) ? strictScoring(spec, plan, L) : 0;
}
