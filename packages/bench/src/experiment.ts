/**
 * What a benchmark declares: the rows of one table, as data. A row says what is run on what; whether it can be
 * run on this machine, on which images and in which order is the runner's business.
 */

import type { PruningPlan, PruningStep } from '@vssm/core';
import { pruningPlan } from '@vssm/families';
import type { AccuracyRow } from './kinds/accuracy.ts';
import type { ExperimentRow } from './kinds/index.ts';

export interface Experiment {
  /** Also the name for `--only`. */
  readonly id: string;
  readonly title: string;
  /** The benchmark's paper.json; null where the paper has no such table. */
  readonly paperFile: string | null;
  readonly rows: readonly ExperimentRow[];
}

export type { ExperimentRow };

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

/** Weights that an experiment has trained and the project ships, on all test images of the embedded data. */
export function shippedRow(
  id: string,
  label: string,
  model: AccuracyRow['model'],
  plan: PruningPlan,
): AccuracyRow {
  return {
    kind: 'accuracy',
    ...{ id, label, model, plan },
    dataset: 'fashion-mnist',
    images: 'all',
    paper: null,
    notes: [],
  };
}

/** The same keep ratio after each of the blocks. */
export function stepsAfter(after: readonly number[], keep: number): PruningStep[] {
  return after.map((block) => ({ after: block, keep }));
}
