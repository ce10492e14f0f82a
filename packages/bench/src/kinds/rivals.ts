/** Ways to carry out one model on the CPU, timed in turn. */
import type { PruningPlan } from '@vssm/core';
import { keyOf } from '../keys.ts';
import { armMs, type CpuRow, cpuWork, statedThreads, unlessElsewhere } from '../rivals/cpu-row.ts';
import { measureRivals, type RivalsTask } from '../rivals/measure-rivals.ts';
import { candidateModes, type ExecutionForm, type Modes } from '../rivals/modes.ts';
import { expectedRounds, type SpeedBudget } from '../speed-budget.ts';
import type { WorkKind } from './kind.ts';

export interface RivalArm {
  readonly id: string;
  readonly label: string;
  readonly form: ExecutionForm;
  readonly plan: PruningPlan;
}

export interface RivalsRow extends CpuRow {
  readonly kind: 'rivals';
  readonly cores: 'all' | 'one';
  readonly arms: readonly RivalArm[];
  readonly modes: Modes;
  readonly budget: SpeedBudget;
}

/** Time over that of the segments form, measured with Vim-S on two cores. */
const slowness: Readonly<Record<ExecutionForm, number>> = {
  'matmul-floor': 0.6,
  segments: 1,
  'segments-wasm': 1.4,
  'whole-scan': 6,
  'whole-linear-attention': 10,
};

export const rivals: WorkKind<RivalsRow, RivalsTask> = {
  kind: 'rivals',
  ...cpuWork,

  async plan(row, planning) {
    return unlessElsewhere(row, planning, (model): RivalsTask => {
      const { kind, label, modes, arms } = row;
      const budget = planning.budgetOf(row.budget);
      const threads = row.cores === 'one' ? 1 : planning.threadsFor(arms.map(() => model));
      const key = keyOf([planning.experiment, row.id], {
        arms: arms.map(({ form, plan }) => ({
          form,
          method: planning.method({ work: 'rivals' }, model, plan),
        })),
        modes: modes === 'calibrate' ? modes : arms.map(({ form }) => modes(form, threads)),
        threads,
        budget,
        machine: planning.settings.machine,
      });
      const planned = arms.map(({ id, label: name, form, plan }) => ({
        ...{ head: planning.head({ ...row, id, label: name }, key), model, form, plan },
      }));
      return { kind, key, label, threads, modes, budget, arms: planned };
    });
  },

  estimate({ arms, modes, threads, budget }, factor) {
    const fewer = statedThreads / threads;
    const perImage = arms.map((arm) => fewer * slowness[arm.form] * armMs(arm));
    const batchOf = (form: ExecutionForm) =>
      modes === 'calibrate' ? 4 * threads : modes(form, threads).batch;
    const round = arms.reduce((sum, { form }, arm) => sum + perImage[arm] * batchOf(form), 0);
    const images = candidateModes(threads).reduce((sum, { batch }) => sum + batch, 0);
    const forms = [...Map.groupBy(arms.keys(), (arm) => arms[arm].form).values()];
    const calibration = forms.reduce((sum, [first]) => sum + 3 * images * perImage[first], 0);
    const timed = round * (budget.warmup + expectedRounds(budget, round));
    return factor * ((modes === 'calibrate' ? calibration : 0) + timed);
  },
  run: measureRivals,
};
