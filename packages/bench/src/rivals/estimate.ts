/** How long CPU tasks will take, in multiples of what the segments form takes on all threads. */
import type { PruningPlan } from '@vssm/core';
import type { ModelSpec } from '@vssm/families';
import { candidateModes, type Mode } from './modes.ts';
import type { ExecutionForm } from './rows.ts';
import type { CpuTask } from './tasks.ts';

/** Of the stated pace. */
const statedThreads = 2;

/** Time over that of the segments form, measured with Vim-S on two cores. */
const slowness: Readonly<Record<ExecutionForm, number>> = {
  floor: 0.6,
  segments: 1,
  'segments-wasm': 1.4,
  'whole-scan': 6,
  'whole-linear-attention': 10,
};

/**
 * @param imageMs ms per image in the segments form on two threads
 */
export function estimateCpuMs(
  task: CpuTask,
  imageMs: (spec: ModelSpec, plan: PruningPlan) => number,
): number {
  switch (task.kind) {
    case 'rivals': {
      const fewer = statedThreads / task.threads;
      const perImage = task.arms.map(
        ({ form, model, plan }) => fewer * slowness[form] * imageMs(model.spec, plan),
      );
      const batchOf = (form: ExecutionForm): Mode['batch'] =>
        task.modes === 'calibrate' ? 4 * task.threads : task.modes(form, task.threads).batch;
      const round = task.arms.reduce((sum, { form }, arm) => sum + perImage[arm] * batchOf(form), 0);
      const images = candidateModes(task.threads).reduce((sum, { batch }) => sum + batch, 0);
      const forms = [...Map.groupBy(task.arms.keys(), (arm) => task.arms[arm].form).values()];
      const calibration = forms.reduce((sum, [first]) => sum + 3 * images * perImage[first], 0);
      return (task.modes === 'calibrate' ? calibration : 0) + rounds(task.budget, round);
    }
    case 'lengths': {
      const round = task.arms.reduce(
        (sum, { model, plan, batch }) => sum + batch * imageMs(model.spec, plan),
        0,
      );
      return 3 * round + rounds(task.budget, round);
    }
    case 'profile': {
      const { batch, warmup, rounds: count } = task.shape;
      // Every pruned plan has a twin, and one thread does all the work.
      const round = task.arms.reduce(
        (sum, { model, plan }) => sum + (plan.schedule.length > 0 ? 2 : 1) * imageMs(model.spec, plan),
        0,
      );
      return 5000 + statedThreads * batch * round * (warmup + count);
    }
    default:
      throw task satisfies never;
  }
}

function rounds(
  budget: { warmup: number; minRounds: number; maxRounds: number; ms: number },
  round: number,
): number {
  const count = Math.max(budget.minRounds, Math.min(budget.maxRounds, Math.ceil(budget.ms / round)));
  return round * (budget.warmup + count);
}
