/** Names of rows that were asked for by hand: one for each model, plan and data set, so that history tells them apart. */
import { createHash } from 'node:crypto';
import { formatSchedule, type PruningPlan, planName } from '@vssm/core';
import { canonicalJson } from '../keys.ts';

/** `fashion-mnist:2,4@0.7:5a0c31f2`. */
export function rowIdOf(
  dataset: string,
  { weights, ...described }: { readonly weights: { readonly from: string; readonly sha256?: string } },
  plan: PruningPlan,
): string {
  const { spec, kind } = described as { readonly spec?: unknown; readonly kind?: unknown };
  const made = { spec: spec ?? kind, weights: weights.sha256 ?? weights, plan: planName(plan) };
  const hash = createHash('sha256').update(canonicalJson(made)).digest('hex').slice(0, 8);
  const schedule = formatSchedule(plan.schedule).slice(0, 80);
  return `${dataset}:${schedule === '' ? 'dense' : schedule}:${hash}`;
}
