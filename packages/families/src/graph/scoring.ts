/** What the parts of every family count alike. */
import { type PruningPlan, strictScoring } from '@vssm/core';
import type { BaseSpec } from '../family.ts';

/** Scores are made from what the scan has just written, and their time is counted as the scan's. */
export function scoring(
  spec: Pick<BaseSpec, 'width' | 'innerWidth' | 'stateSize'>,
  plan: PruningPlan,
  block: number,
  L: number,
): number {
  return plan.schedule.some(({ after }) => after === block) ? strictScoring(spec, plan, L) : 0;
}
