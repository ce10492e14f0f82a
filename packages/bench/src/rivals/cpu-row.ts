/** What the kinds of work that compare ways to run on the CPU have in common. */
import type { PruningPlan } from '@vssm/core';
import { costOf } from '../cost.ts';
import type { RecordHead } from '../kinds/heads.ts';
import type { Planning } from '../kinds/planning.ts';
import type { RowBase, SkippedTask } from '../kinds/row.ts';
import type { ModelId } from '../models.ts';
import { imageMs } from '../pace.ts';
import type { ReadyModel } from '../resources.ts';

export interface CpuRow extends RowBase {
  readonly paper: null;
  readonly model: ModelId;
  /** `short`: in every run. `thorough`: instead, with `--full` or when the experiment is named by `--only`. */
  readonly extent: 'short' | 'thorough';
}

/** The first arm of a plan is what others are held against. */
export interface CpuArm {
  readonly head: RecordHead;
  readonly model: ReadyModel;
  readonly plan: PruningPlan;
}

/** Null where the row is for the other extent of run; why it is not run, on another backend. */
export function unlessElsewhere<Task>(
  row: CpuRow,
  planning: Planning,
  plan: (model: ReadyModel) => Task,
): Task | SkippedTask | null {
  const { backend } = planning.settings;
  if ((row.extent === 'thorough') !== planning.thorough) return null;
  if (backend.name === 'cpu') return plan(planning.resources.random(row.model));
  const reason = 'it compares ways to run on the CPU, and another backend was asked for';
  return planning.skipped(row, null, null, reason, `pnpm bench --only ${planning.experiment} --backend cpu`);
}

/** Threads of the stated pace. */
export const statedThreads = 2;

/** What all CPU tasks say of themselves. */
export const cpuWork = {
  heads: ({ arms }: { readonly arms: readonly CpuArm[] }) => arms.map(({ head }) => head),
  label: ({ label }: { readonly label: string }) => label,
  skipped: ({ arms }: { readonly arms: readonly CpuArm[] }, head: number) => ({
    dataset: null,
    cost: costOf(arms[head].model.spec, arms[head].plan),
  }),
};

/** ms per image of an arm in the segments form on the stated threads. */
export function armMs({ model, plan }: Pick<CpuArm, 'model' | 'plan'>): number {
  return imageMs(model.spec, plan);
}
