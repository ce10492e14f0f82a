/** Model and data of rows on classified images. */
import type { PruningPlan } from '@vssm/core';
import type { ImageDataset } from '@vssm/datasets';
import { imageRecipeOf, type ModelSpec, sequenceLength } from '@vssm/families';
import { costOf } from '../cost.ts';
import { type DatasetId, datasetNames } from '../dataset-names.ts';
import { checkFit } from '../datasets.ts';
import { benchModels, type ModelId } from '../models.ts';
import type { ReadyModel } from '../resources.ts';
import type { Planning } from './planning.ts';
import type { RowBase, SkippedTask } from './row.ts';

export interface ClassifiedRow extends RowBase {
  readonly model: ModelId;
  readonly dataset: DatasetId;
  readonly plan: PruningPlan;
}

/** Both, or why the row is not run. */
export async function openClassified(
  row: ClassifiedRow,
  planning: Planning,
): Promise<{ readonly model: ReadyModel; readonly dataset: ImageDataset } | SkippedTask> {
  const model = await planning.resources.trained(row.model);
  const recipe = model === null ? 'vim-imagenet' : imageRecipeOf(model.spec);
  const dataset = await planning.resources.dataset(row.dataset, recipe);
  if (dataset !== null && model !== null) {
    checkFit(model.spec, model.described.name, dataset);
    return { model, dataset };
  }
  const missing: string[] = [];
  if (dataset === null) missing.push(`${datasetNames[row.dataset]} is not given`);
  if (model === null) {
    const { name, published } = benchModels[row.model];
    missing.push(`no trained ${name} is given (public weights: ${published ?? 'none'})`);
  }
  const spec = model?.spec ?? benchModels[row.model].spec;
  const cost = spec === null ? null : costOf(spec, row.plan);
  const command = [
    'pnpm bench',
    `--only ${planning.experiment}`,
    ...(row.dataset === 'imagenet' ? ['--imagenet DIR'] : []),
    ...(benchModels[row.model].embedded === null ? [`--checkpoint ${row.model}=FILE`] : []),
    '--full',
  ];
  return planning.skipped(row, datasetNames[row.dataset], cost, missing.join('; '), command.join(' '));
}

/** What of a data set goes into keys. */
export function describeDataset({ name, split, checksum, samples }: ImageDataset) {
  return { name, split, checksum, total: samples.length };
}

/** Keeps the largest activation of a run, [B, L, E], near 1.2 million values. */
export function batchSize(spec: ModelSpec): number {
  return Math.min(250, Math.max(1, Math.floor(1_200_000 / (sequenceLength(spec) * spec.innerWidth))));
}
