/** The work that CPU rows come down to. The first arm of a plan is what others are held against. */
import type { PruningPlan } from '@vssm/core';
import type { ReadyModel } from '../resources.ts';
import type { RecordHead, SpeedBudget } from '../tasks.ts';
import type { ExecutionForm, ProfileRow, RivalsRow } from './rows.ts';

interface CpuArm {
  readonly head: RecordHead;
  readonly model: ReadyModel;
  readonly plan: PruningPlan;
}

export interface RivalsTask {
  readonly kind: 'rivals';
  /** Also the group of the records. */
  readonly key: string;
  readonly label: string;
  readonly threads: number;
  readonly modes: RivalsRow['modes'];
  readonly budget: SpeedBudget;
  readonly arms: readonly (CpuArm & { readonly form: ExecutionForm })[];
}

export interface LengthsTask {
  readonly kind: 'lengths';
  readonly key: string;
  readonly label: string;
  readonly threads: number;
  readonly budget: SpeedBudget;
  readonly arms: readonly (CpuArm & {
    /** Images of one run. */ readonly batch: number;
  })[];
}

export interface ProfileTask {
  readonly kind: 'profile';
  readonly key: string;
  readonly label: string;
  /** Whose roofs are measured; the profile itself is of one thread. */
  readonly threads: number;
  readonly shape: Pick<ProfileRow, 'batch' | 'warmup' | 'rounds'>;
  readonly arms: readonly CpuArm[];
}

export type CpuTask = RivalsTask | LengthsTask | ProfileTask;

export function isCpuTask(task: { readonly kind: string }): task is CpuTask {
  return task.kind === 'rivals' || task.kind === 'lengths' || task.kind === 'profile';
}
