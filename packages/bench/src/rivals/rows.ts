/** What a benchmark of execution forms declares: rivals side by side, sequence lengths, profiles. CPU only. */
import type { PruningPlan } from '@vssm/core';
import type { SpeedRecord } from '@vssm/results';
import type { ModelId } from '../models.ts';
import type { SpeedBudget } from '../tasks.ts';
import type { Mode } from './modes.ts';

export type ExecutionForm = NonNullable<SpeedRecord['execution']>['form'];

interface CpuRowHead {
  /** Unique within the experiment, as the ids of its arms are. */
  readonly id: string;
  readonly label: string;
  readonly paper: null;
  readonly notes: readonly string[];
  readonly model: ModelId;
  /** `short`: in every run. `thorough`: instead, with `--full` or when the experiment is named by `--only`. */
  readonly extent: 'short' | 'thorough';
}

export interface RivalArm {
  readonly id: string;
  readonly label: string;
  readonly form: ExecutionForm;
  readonly plan: PruningPlan;
}

/** Ways to carry out one model, timed turn about. */
export interface RivalsRow extends CpuRowHead {
  readonly kind: 'rivals';
  readonly cores: 'all' | 'one';
  readonly arms: readonly RivalArm[];
  /** `calibrate`: each form in the best of several modes, tried first. Otherwise the mode of each form. */
  readonly modes: 'calibrate' | ((form: ExecutionForm, threads: number) => Mode);
  readonly budget: SpeedBudget;
}

/** The segments form on square images of several sizes, timed turn about, with the memory that each takes. */
export interface LengthsRow extends CpuRowHead {
  readonly kind: 'lengths';
  /** Pixels of a side. */
  readonly sides: readonly number[];
  readonly budget: SpeedBudget;
}

/** Where the time of one thread goes in the segments form, plans turn about. */
export interface ProfileRow extends CpuRowHead {
  readonly kind: 'profile';
  readonly batch: number;
  readonly warmup: number;
  readonly rounds: number;
  readonly arms: readonly { readonly id: string; readonly label: string; readonly plan: PruningPlan }[];
}

export type CpuRow = RivalsRow | LengthsRow | ProfileRow;
