/**
 * What a benchmark declares: the rows of one table, as data. A row says what is run on what; whether it can be
 * run on this machine, on which images and in which order is the runner's business.
 */
import type { PruningPlan, PruningStep } from '@vssm/core';
import { pruningPlan } from '@vssm/families';
import type { DatasetId } from './dataset-names.ts';
import type { DenseRow } from './dense/task.ts';
import type { ModelId } from './models.ts';
import type { CpuRow } from './rivals/rows.ts';

export interface Experiment {
  /** Also the name for `--only`. */
  readonly id: string;
  readonly title: string;
  /** The benchmark's paper.json; null where the paper has no such table. */
  readonly paperFile: string | null;
  readonly rows: readonly ExperimentRow[];
}

export type ExperimentRow = AccuracyRow | SpeedRow | StripRow | CpuRow | DenseRow;

interface RowHead {
  /** Unique within the experiment. */
  readonly id: string;
  /** For people. */
  readonly label: string;
  /** Row of the paper's table that this one answers, if any. */
  readonly paper: { readonly table: number; readonly row: string } | null;
  /** Caveats that belong next to the number. */
  readonly notes: readonly string[];
}

/** Accuracy of one plan on labelled images. */
export interface AccuracyRow extends RowHead {
  readonly kind: 'accuracy';
  readonly model: ModelId;
  readonly dataset: DatasetId;
  readonly plan: PruningPlan;
  /** `all`: the whole split, always. `sample`: the data set's fixed sample, the whole split with `--full`. */
  readonly images: 'all' | 'sample';
  /** Another row of this experiment; where both come down to the same images, this one is left out. */
  readonly unlessSameAs?: string;
}

/** Time of one plan, with random weights: speed does not depend on their values. */
export interface SpeedRow extends RowHead {
  readonly kind: 'speed';
  readonly model: ModelId;
  readonly plan: PruningPlan;
  /** Images in one run. */
  readonly batch: number;
  /** Id of the dense row that is timed turn about with this one; null for the dense row itself. */
  readonly against: string | null;
}

/** A few images with the tokens that remain after each step. */
export interface StripRow extends RowHead {
  readonly kind: 'strip';
  readonly model: ModelId;
  readonly dataset: DatasetId;
  readonly plan: PruningPlan;
  /** One image of each: the first that the dense model classifies correctly. */
  readonly classes: readonly number[];
}

/** One way of pruning, to be run at several keep ratios. */
export interface Arm {
  /** First part of the rows' ids. */
  readonly id: string;
  readonly label: string;
  readonly options: Partial<Omit<PruningPlan, 'schedule'>>;
  readonly notes?: readonly string[];
}

export type ArmPlace = Pick<AccuracyRow, 'model' | 'dataset' | 'images'>;

/** Rows `<prefix>-<arm>@<keep>` for every arm and keep ratio, pruned after the given blocks (1-based). */
export function armRows(
  prefix: string,
  arms: readonly Arm[],
  after: readonly number[],
  keeps: readonly number[],
  place: ArmPlace,
): AccuracyRow[] {
  return arms.flatMap((arm) =>
    keeps.map(
      (keep): AccuracyRow => ({
        kind: 'accuracy',
        id: `${prefix}-${arm.id}@${keep}`,
        label: `${arm.label}, keep ${keep}`,
        paper: null,
        notes: arm.notes ?? [],
        plan: pruningPlan({ ...arm.options, schedule: stepsAfter(after, keep) }),
        ...place,
      }),
    ),
  );
}

/** The same keep ratio after each of the blocks. */
export function stepsAfter(after: readonly number[], keep: number): PruningStep[] {
  return after.map((block) => ({ after: block, keep }));
}
