/** Which schedules save a given part of a model's FLOPs; see schedulesSaving in core. */
import { type FoundSchedule, type PruningPlan, type ScheduleSearch, schedulesSaving } from '@vssm/core';
import { modelFlops } from './flops.ts';
import { checkSpec } from './model.ts';
import { pruningPlan } from './plan.ts';
import type { ModelSpec } from './table.ts';

/** @throws UserError for a target, ratios or options without meaning */
export function searchSchedules(spec: ModelSpec, search: ScheduleSearch): readonly FoundSchedule[] {
  checkSpec(spec);
  const model = {
    depth: spec.depth,
    planOf: (schedule: PruningPlan['schedule']) => pruningPlan({ ...search.plan, schedule }, spec.family),
    flopsOf: (plan: PruningPlan) => modelFlops(spec, plan, 'paper').total,
  };
  return schedulesSaving(model, search);
}
