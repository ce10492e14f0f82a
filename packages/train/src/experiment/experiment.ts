/**
 * An experiment that trains: one dense model, then the same fine-tuning of it under several plans, as data. What is
 * compared is what remains after fine-tuning; what is lost before it is evaluated beside.
 */
import type { PruningPlan } from '@vssm/core';
import type { TrainableSpec } from '@vssm/families';
import type { Recipe } from '../recipe/recipe.ts';
import type { TrainedSpec } from '../trained-spec.ts';

/** @typeParam Spec of a classifier, or of a segmenter */
export interface TrainingExperiment<Spec extends TrainedSpec = TrainableSpec> {
  readonly id: string;
  readonly title: string;
  /** Of the model and of the data set, in print. */
  readonly model: string;
  readonly dataset: string;
  readonly spec: Spec;
  /** Of the dense model. */
  readonly dense: Recipe;
  /** The same for every row, but for the seed, and the learning rate of rows that have their own. */
  readonly finetuning: Recipe;
  readonly rows: readonly FinetuningRow[];
  /** What the dense model is evaluated under besides, image by image. */
  readonly trainingFree?: readonly PrunedRow[];
  readonly claims: readonly Claim[];
}

/** That one arm ends above another, or not far below it, at every level of which both are there. */
export interface Claim {
  readonly arm: string;
  /** An arm of keep 1, which prunes nothing, stands against every level. */
  readonly against: string;
  /** Points of top-1, or of mIoU, that `arm` may end below; default: none. */
  readonly margin?: number;
  /** The only level that it is made of; default: all. */
  readonly keep?: number;
}

export interface PrunedRow {
  /** `<arm>@<keep>` */
  readonly id: string;
  readonly arm: string;
  /** The level: rows of one level leave equally many tokens. 1: nothing is pruned. */
  readonly keep: number;
  /** For people. */
  readonly label: string;
  readonly plan: PruningPlan;
}

export interface FinetuningRow extends PrunedRow {
  /** One fine-tuning for each. */
  readonly seeds: readonly number[];
  /** Where it is not the experiment's: an arm may do best at a rate of its own. */
  readonly learningRate?: number;
  /** Rows of the paper's tables that this one is the miniature of. */
  readonly paper?: readonly PaperRow[];
}

export interface PaperRow {
  readonly table: number;
  readonly row: string;
}

/** The recipe of one fine-tuning. */
export function recipeOf(
  { finetuning }: TrainingExperiment<TrainedSpec>,
  row: FinetuningRow,
  seed: number,
): Recipe {
  return { ...finetuning, learningRate: row.learningRate ?? finetuning.learningRate, seed };
}

/**
 * One fine-tuning each, in rounds over the seeds: a run that is stopped has compared like with like. Rows with the most
 * seeds, on which the claims rest, come first.
 */
export function inSeedOrder(rows: readonly FinetuningRow[]): { row: FinetuningRow; seed: number }[] {
  const counts = [...new Set(rows.map(({ seeds }) => seeds.length))].sort((a, b) => b - a);
  return counts.flatMap((count) => {
    const own = rows.filter(({ seeds }) => seeds.length === count);
    return Array.from({ length: count }, (_, round) =>
      own.map((row) => ({ row, seed: row.seeds[round] })),
    ).flat();
  });
}
