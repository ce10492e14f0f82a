/** AP or mIoU of one plan on every image of a data set: rows of detectors and of segmenters. */

import { existsSync } from 'node:fs';
import type { PruningPlan } from '@vssm/core';
import { counted } from '@vssm/core';
import { type SizeLimits, titleOf, type VisionDataset } from '@vssm/datasets';
import { countAnswers, imageAnswerLines, predictionsPath, schemaVersion } from '@vssm/results';
import type { VisionSpec } from '@vssm/vision-tasks';
import { type MadeWith, membersOf } from '../code/made-with.ts';
import { answersKey, headsOf, imagesOf, partOf } from '../evaluation/image-task.ts';
import { firstImages, type ImageChoice } from '../images.ts';
import { keyOf } from '../keys.ts';
import { visionCost } from '../vision/cost.ts';
import { evaluateVision, usualWorkers, type VisionModel, type VisionTask } from '../vision/evaluate.ts';
import { type VisionTaskKind, visionKind } from '../vision/kinds.ts';
import {
  benchVisionModel,
  type VisionDatasetId,
  type VisionModelId,
  visionDatasetNames,
} from '../vision/models.ts';
import type { WorkKind } from './kind.ts';
import type { RowBase } from './row.ts';

export interface VisionRowOf<Kind extends VisionTaskKind> extends RowBase {
  readonly kind: Kind;
  readonly model: VisionModelId;
  readonly dataset: VisionDatasetId;
  readonly plan: PruningPlan;
}

export type VisionTaskOf<Kind extends VisionTaskKind> = VisionTask & { readonly kind: Kind };

/** The first images of every row are kept so that they can be drawn. */
const drawnImages = 2;

/** Detectors and segmenters run as stages joined by TypeScript, on the CPU alone. */
const visionBackend = { name: 'cpu', form: 'stages' } as const;

export function visionWork<Kind extends VisionTaskKind>(
  kind: Kind,
): WorkKind<VisionRowOf<Kind>, VisionTaskOf<Kind>> {
  return {
    kind,

    async plan(row, planning) {
      const { name, spec, published } = benchVisionModel(row.model);
      const { limit, threads, backend, code } = planning.settings;
      const { vision } = planning.resources;
      const model = await vision.model(row.model);
      const data = await vision.dataset(row.dataset, spec);
      const datasetName = visionDatasetNames[row.dataset];
      const cost = visionCost(spec, row.plan);
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
      // What ships has a name of its own; what the user gives is called what it is.
      const given = row.dataset === 'coco' || row.dataset === 'ade20k';
      const title = given ? titleOf(dataset) : datasetName;
      const images = firstImages(dataset, limit);
      const key = visionKey([row.model, row.dataset], {
        ...{ kind, model, plan: row.plan, dataset, images, limits, code, runtime: backend.runtime },
      });
      return visionTask<Kind>({
        ...{ kind, key, model, dataset, datasetName: title, images, plan: row.plan },
        code: code(visionCode(kind, model.spec, row.plan)),
        runtime: backend.runtime,
        label: `${name}: ${row.label}`,
        workers: Math.min(threads, usualWorkers(model.spec)),
        heads: [planning.head(row, key)],
      });
    },

    heads: headsOf,
    label: (task) => `${task.label}, ${counted(imagesOf(task).length, 'image')}`,
    estimate: (task, factor) => factor * visionEstimateMs(task),
    run: evaluateVision,
    skipped: ({ datasetName, model, plan }) => ({
      dataset: datasetName,
      cost: visionCost(model.spec, plan),
    }),
    images: {
      count: (task) => imagesOf(task).length,
      part: partOf,
      answered(task, folder) {
        const file = predictionsPath(folder, answersKey(task), 'jsonl');
        const scoring = visionKind(task.kind).scoring(task.dataset, task.model.spec);
        return existsSync(file) ? countAnswers(file, imageAnswerLines(scoring)) : 0;
      },
      key: ({ key }) => key,
      shared: (task, other) => ({ ...task, heads: [...task.heads, ...other.heads] }),
    },
  };
}

export type VisionRequest<Kind extends VisionTaskKind> = Omit<VisionTaskOf<Kind>, 'batch' | 'draw' | 'part'>;

/** Images differ in size, so each is answered alone. */
export function visionTask<Kind extends VisionTaskKind>(request: VisionRequest<Kind>): VisionTaskOf<Kind> {
  const { images } = request;
  return { ...request, batch: 1, draw: images.indices.slice(0, drawnImages) } as VisionTaskOf<Kind>;
}

export interface VisionIdentity {
  readonly kind: VisionTaskKind;
  readonly model: VisionModel;
  readonly plan: PruningPlan;
  readonly dataset: VisionDataset<unknown>;
  readonly images: ImageChoice;
  /** The recipe's limits where others were asked for. */
  readonly limits: SizeLimits | null;
  readonly code: (made: Omit<MadeWith, 'backend'>) => string;
  readonly runtime: string;
}

/** Names the work by everything that changes it. */
export function visionKey(
  names: readonly string[],
  { kind, model: { spec, identity }, plan, dataset, images, limits, code, runtime }: VisionIdentity,
): string {
  const { name: set, split, checksum, classes } = dataset;
  return keyOf(names, {
    schema: schemaVersion,
    code: code(visionCode(kind, spec, plan)),
    backend: { ...visionBackend, runtime },
    weights: identity,
    ...{ spec, plan, limits, batch: 1 },
    dataset: { set, split, checksum, classes },
    images: { how: images.how, count: images.indices.length, seed: images.seed, ids: images.idsHash },
  });
}

export function visionCode(
  kind: VisionTaskKind,
  { backbone, kind: head }: VisionSpec,
  plan: PruningPlan,
): Omit<MadeWith, 'backend'> {
  return { work: kind, members: { ...membersOf(backbone.spec.family, plan), head } };
}

/** ms; one thread does about 20 strict GFLOPs a second. */
function visionEstimateMs(task: VisionTask): number {
  return (
    1000 + (50 * imagesOf(task).length * visionCost(task.model.spec, task.plan).flops.strict) / task.workers
  );
}
