/** What a family's file says of one part, and what both families count alike. */
import type { ModelSpec, PruningPlan } from '@vssm/core';
import type { ProfileRecord } from '@vssm/results';

export type ProfilePart = ProfileRecord['parts'][number]['part'];

export interface Counted {
  readonly tokens: number;
  readonly flops: number;
  /** Values in and out. */
  readonly values: number;
  readonly parameters: number;
}

/** Scores are added up while the scan writes its result. */
export function scoring(spec: ModelSpec, plan: PruningPlan, block: number, L: number): number {
  const scored = plan.schedule.some(({ after }) => after === block);
  if (!scored || plan.signal === 'random') return 0;
  const perValue = plan.signal === 'evit' || plan.reduce !== 'sum' ? 2 : 1;
  const root = plan.signal !== 'evit' && plan.reduce === 'l2' ? L : 0;
  return perValue * L * spec.innerWidth + root;
}
