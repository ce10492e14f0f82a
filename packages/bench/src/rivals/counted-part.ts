/** What a family's file says of one part, and what both families count alike. */
import { type PruningPlan, strictScoring } from '@vssm/core';
import type { ModelSpec } from '@vssm/families';
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
  return plan.schedule.some(({ after }) => after === block) ? strictScoring(spec, plan, L) : 0;
}
