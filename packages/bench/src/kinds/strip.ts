/** A few images with the tokens that remain after each step. */
import { costOf } from '../cost.ts';
import { datasetNames } from '../dataset-names.ts';
import { keyOf } from '../keys.ts';
import { imageMs, loadMs } from '../pace.ts';
import { drawStrip, type StripTask } from '../strip.ts';
import { type ClassifiedRow, describeDataset, openClassified } from './classified.ts';
import type { WorkKind } from './kind.ts';

export interface StripRow extends ClassifiedRow {
  readonly kind: 'strip';
  /** One image of each: the first that the unpruned model classifies correctly. */
  readonly classes: readonly number[];
}

export const strip: WorkKind<StripRow, StripTask> = {
  kind: 'strip',

  async plan(row, planning) {
    const opened = await openClassified(row, planning);
    if ('kind' in opened) return opened;
    const { model, dataset } = opened;
    const { plan, classes, dataset: datasetId } = row;
    const key = keyOf([row.model, row.dataset, 'strip'], {
      ...planning.method({ work: 'strip', dataset: datasetId }, model, plan),
      dataset: describeDataset(dataset),
      classes,
    });
    const threads = planning.threadsFor([model, model]);
    return {
      kind: 'strip',
      model,
      datasetId,
      dataset,
      plan,
      classes,
      threads,
      head: planning.head(row, key),
    };
  },

  heads: ({ head }) => [head],
  label: ({ model, head }) => `${model.described.name}: pictures of ${head.label}`,
  estimate: ({ model, plan, classes }, factor) =>
    factor * 2 * (loadMs(model) + classes.length * imageMs(model.spec, plan)),
  run: drawStrip,
  threads: ({ threads }) => threads,
  skipped: ({ datasetId, model, plan }) => ({
    dataset: datasetNames[datasetId],
    cost: costOf(model.spec, plan),
  }),
};
