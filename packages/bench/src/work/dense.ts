/** AP or mIoU of one plan on every image of a data set: rows of detectors and of segmenters. */

import { existsSync } from 'node:fs';
import type { PruningPlan } from '@vssm/core';
import { type DenseDataset, type SizeLimits, titleOf } from '@vssm/datasets';
import { countAnswers, imageAnswerLines, predictionsPath, schemaVersion } from '@vssm/results';
import type { DenseSpec } from '@vssm/vision-tasks';
import type { MadeWith } from '../code/made-with.ts';
import { denseCost } from '../dense/cost.ts';
import { type DenseModel, type DenseTask, evaluateDense, usualWorkers } from '../dense/evaluate.ts';
import { type DenseTaskKind, denseKind } from '../dense/kinds.ts';
import {
  benchDenseModel,
  type DenseDatasetId,
  type DenseModelId,
  denseDatasetNames,
} from '../dense/models.ts';
import { answersKey, headsOf, imagesOf, partOf } from '../evaluation/image-task.ts';
import { firstImages, type ImageChoice } from '../images.ts';
import { keyOf } from '../keys.ts';
import type { WorkKind } from './kind.ts';
import type { RowBase } from './row.ts';

export interface DenseRowOf<Kind extends DenseTaskKind> extends RowBase {
  readonly kind: Kind;
  readonly model: DenseModelId;
  readonly dataset: DenseDatasetId;
  readonly plan: PruningPlan;
}

export type DenseTaskOf<Kind extends DenseTaskKind> = DenseTask & { readonly kind: Kind };

/** The first images of every row are kept so that they can be drawn. */
const drawnImages = 2;

/** Detectors and segmenters run as stages joined by TypeScript, on the CPU alone. */
export const denseBackend = { name: 'cpu', form: 'stages' } as const;

export function denseWork<Kind extends DenseTaskKind>(
  kind: Kind,
): WorkKind<DenseRowOf<Kind>, DenseTaskOf<Kind>> {
  return {
    kind,

    async plan(row, planning) {
      const { name, spec, published } = benchDenseModel(row.model);
      const { limit, threads, backend, code } = planning.settings;
      const { dense } = planning.resources;
      const model = await dense.model(row.model);
      const data = await dense.dataset(row.dataset, spec);
      const datasetName = denseDatasetNames[row.dataset];
      const cost = denseCost(spec, row.plan);
      const rerun = `pnpm bench --only ${planning.experiment}`;
      if (model === null || data === null) {
        const missing = [
          ...(data === null ? [`${datasetName} is not given`] : []),
          ...(model === null ? [`no trained ${name} is given (public weights: ${published})`] : []),
        ];
        const howToRun = `${rerun} --${row.dataset} DIR --checkpoint ${row.model}=FILE`;
        return planning.skipped(row, datasetName, cost, missing.join('; '), howToRun);
      }
      if (backend.name !== 'cpu') {
        const reason = `detectors and segmenters run on the backend cpu only, and ${backend.name} was asked for`;
        return planning.skipped(row, datasetName, cost, reason, `${rerun} --backend cpu`);
      }
      const { dataset, limits } = data;
      // The made-up pictures have a name of their own; others are called what they are.
      const title = row.dataset.endsWith('-sample') ? datasetName : titleOf(dataset);
      const images = firstImages(dataset, limit);
      const key = denseKey([row.model, row.dataset], {
        ...{ kind, model, plan: row.plan, dataset, images, limits, code, runtime: backend.runtime },
      });
      return denseTask<Kind>({
        ...{ kind, key, model, dataset, datasetName: title, images, plan: row.plan },
        code: code(denseCode(kind, model.spec)),
        runtime: backend.runtime,
        label: `${name}: ${row.label}`,
        workers: Math.min(threads, usualWorkers(model.spec)),
        heads: [planning.head(row, key)],
      });
    },

    heads: headsOf,
    label: (task) => `${task.label}, ${imagesOf(task).length} images`,
    estimate: (task, factor) => factor * denseEstimateMs(task),
    run: evaluateDense,
    skipped: ({ datasetName, model, plan }) => ({
      dataset: datasetName,
      cost: denseCost(model.spec, plan),
    }),
    images: {
      count: (task) => imagesOf(task).length,
      part: partOf,
      answered(task, folder) {
        const file = predictionsPath(folder, answersKey(task), 'jsonl');
        const scoring = denseKind(task.kind).scoring(task.dataset, task.model.spec);
        return existsSync(file) ? countAnswers(file, imageAnswerLines(scoring)) : 0;
      },
      key: ({ key }) => key,
      shared: (task, other) => ({ ...task, heads: [...task.heads, ...other.heads] }),
    },
  };
}

export type DenseRequest<Kind extends DenseTaskKind> = Omit<DenseTaskOf<Kind>, 'batch' | 'draw' | 'part'>;

/** Images differ in size, so each is answered alone. */
export function denseTask<Kind extends DenseTaskKind>(request: DenseRequest<Kind>): DenseTaskOf<Kind> {
  const { images } = request;
  return { ...request, batch: 1, draw: images.indices.slice(0, drawnImages) } as DenseTaskOf<Kind>;
}

export interface DenseIdentity {
  readonly kind: DenseTaskKind;
  readonly model: DenseModel;
  readonly plan: PruningPlan;
  readonly dataset: DenseDataset<unknown>;
  readonly images: ImageChoice;
  /** The recipe's limits where others were asked for. */
  readonly limits: SizeLimits | null;
  readonly code: (made: Omit<MadeWith, 'backend'>) => string;
  readonly runtime: string;
}

/** Names the work by everything that changes it. */
export function denseKey(
  names: readonly string[],
  { kind, model: { spec, identity }, plan, dataset, images, limits, code, runtime }: DenseIdentity,
): string {
  const { name: set, split, checksum, classes } = dataset;
  return keyOf(names, {
    schema: schemaVersion,
    code: code(denseCode(kind, spec)),
    backend: { ...denseBackend, runtime },
    weights: identity,
    ...{ spec, plan, limits, batch: 1 },
    dataset: { set, split, checksum, classes },
    images: { how: images.how, count: images.indices.length, seed: images.seed, ids: images.idsHash },
  });
}

export function denseCode(
  kind: DenseTaskKind,
  { backbone, kind: head }: DenseSpec,
): Omit<MadeWith, 'backend'> {
  return { work: kind, members: { family: backbone.spec.family, head } };
}

/** ms; one thread does about 20 strict GFLOPs a second. */
export function denseEstimateMs(task: DenseTask): number {
  return (
    1000 + (50 * imagesOf(task).length * denseCost(task.model.spec, task.plan).flops.strict) / task.workers
  );
}
