/** Accuracy of one plan on labelled images. */

import { existsSync } from 'node:fs';
import { counted } from '@vssm/core';
import { countAnswers, predictionLines, predictionsPath } from '@vssm/results';
import { costOf } from '../cost.ts';
import { datasetNames } from '../dataset-names.ts';
import { type AccuracyTask, evaluate } from '../evaluation/accuracy.ts';
import { answersKey, headsOf, imagesOf, partOf } from '../evaluation/image-task.ts';
import { chooseImages, type ImageChoice } from '../images.ts';
import { keyOf } from '../keys.ts';
import { imageMs, loadMs } from '../pace.ts';
import { batchSize, type ClassifiedRow, describeDataset, openClassified } from './classified.ts';
import type { WorkKind } from './kind.ts';
import type { Planning } from './planning.ts';

export interface AccuracyRow extends ClassifiedRow {
  readonly kind: 'accuracy';
  /** `all`: the whole split, always. `sample`: the data set's fixed sample, the whole split with `--full`. */
  readonly images: 'all' | 'sample';
  /** Another row of this experiment; where both come down to the same images, this one is left out. */
  readonly unlessSameAs?: string;
  /** With `--full`, or when the experiment is named by `--only`; other runs leave the row out. Default: in every run. */
  readonly extent?: 'thorough';
}

export const accuracy: WorkKind<AccuracyRow, AccuracyTask> = {
  kind: 'accuracy',

  async plan(row, planning) {
    if (row.extent === 'thorough' && !planning.thorough) return null;
    const opened = await openClassified(row, planning);
    if ('kind' in opened) return opened;
    const { model, dataset } = opened;
    const chosen = (of: AccuracyRow): ImageChoice => chooseImages(dataset, of.images, sampling(of, planning));
    const images = chosen(row);
    const twin = planning.rows.find(
      (other): other is AccuracyRow => other.kind === 'accuracy' && other.id === row.unlessSameAs,
    );
    if (twin !== undefined && chosen(twin).idsHash === images.idsHash) return null;

    const made = { work: 'accuracy', dataset: row.dataset } as const;
    const batch = batchSize(model.spec);
    const key = keyOf([row.model, row.dataset], {
      ...planning.method(made, model, row.plan),
      dataset: describeDataset(dataset),
      images: { how: images.how, count: images.indices.length, seed: images.seed, ids: images.idsHash },
      batch,
    });
    return {
      kind: 'accuracy',
      ...{ key, model, datasetId: row.dataset, dataset, images, plan: row.plan, batch },
      code: planning.codeOf(made, model, row.plan),
      runtime: planning.settings.backend.runtime,
      threads: planning.threadsFor([model]),
      heads: [planning.head(row, key)],
    };
  },

  heads: headsOf,
  label: (task) =>
    `${task.model.described.name}: ${task.heads[0].label}, ${counted(imagesOf(task).length, 'image')}`,
  estimate: (task, factor) =>
    factor * (loadMs(task.model) + imagesOf(task).length * imageMs(task.model.spec, task.plan)),
  run: evaluate,
  threads: ({ threads }) => threads,
  skipped: ({ datasetId, model, plan }) => ({
    dataset: datasetNames[datasetId],
    cost: costOf(model.spec, plan),
  }),
  named: ({ unlessSameAs }) => (unlessSameAs === undefined ? [] : [unlessSameAs]),
  images: {
    count: (task) => imagesOf(task).length,
    part: partOf,
    answered(task, folder) {
      const file = predictionsPath(folder, answersKey(task));
      return existsSync(file) ? countAnswers(file, predictionLines) : 0;
    },
    key: ({ key }) => key,
    shared: (task, other) => ({ ...task, heads: [...task.heads, ...other.heads] }),
  },
};

function sampling({ dataset }: AccuracyRow, { settings }: Planning) {
  const { full, limit, sampleSizes } = settings;
  return { full, limit, sampleSize: sampleSizes[dataset] };
}
