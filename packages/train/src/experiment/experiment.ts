/**
 * An experiment that trains: one dense model, then the same fine-tuning of it under several plans, as data. What is
 * compared is what remains after fine-tuning; what is lost before it is evaluated beside.
 */
import type { PruningPlan } from '@vssm/core';
import type { TrainableSpec } from '@vssm/families';
import type { Recipe } from '../recipe/recipe.ts';

export interface TrainingExperiment {
  readonly id: string;
  readonly title: string;
  /** Of the model and of the data set, in print. */
  readonly model: string;
  readonly dataset: string;
  readonly spec: TrainableSpec;
  /** Of the dense model. */
  readonly dense: Recipe;
  /** The same for every row, but for the seed. */
  readonly finetuning: Recipe;
  readonly rows: readonly FinetuningRow[];
  /** What the dense model is evaluated under besides, image by image. */
  readonly trainingFree?: readonly PrunedRow[];
  /** Arms of which the first is claimed to end higher, at every level. */
  readonly claims: readonly Claim[];
}

export interface Claim {
  readonly arm: string;
  readonly against: string;
}

export interface PrunedRow {
  /** `<arm>@<keep>` */
  readonly id: string;
  readonly arm: string;
  readonly keep: number;
  /** For people. */
  readonly label: string;
  readonly plan: PruningPlan;
}

export interface FinetuningRow extends PrunedRow {
  /** One fine-tuning for each. */
  readonly seeds: readonly number[];
}

/** One fine-tuning each, the first seed of every row first: a run that is stopped has something to say of all rows. */
export function inSeedOrder(rows: readonly FinetuningRow[]): { row: FinetuningRow; seed: number }[] {
  const most = Math.max(...rows.map(({ seeds }) => seeds.length));
  return Array.from({ length: most }, (_, place) =>
    rows.flatMap((row) => (place < row.seeds.length ? [{ row, seed: row.seeds[place] }] : [])),
  ).flat();
}
