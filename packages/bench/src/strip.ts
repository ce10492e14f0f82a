/** Real images with the tokens that remain after each pruning step. */

import { contributionMap, type Prediction, readAll, Unanswered } from '@vssm/backend';
import { formatSchedule, type PruningPlan } from '@vssm/core';
import { type ImageDataset, titleOf } from '@vssm/datasets';
import { classTokenOf, densePlan, tokenGrid, tokenLayout } from '@vssm/families';
import { topK } from '@vssm/metrics';
import type { StripRecord } from '@vssm/results';
import type { DatasetId } from './dataset-names.ts';
import type { RecordHead } from './kinds/heads.ts';
import type { ReadyModel } from './resources.ts';
import { loadModel, type RunState, TaskFailure, type Workplace } from './workplace.ts';

export interface StripTask {
  readonly kind: 'strip';
  readonly model: ReadyModel;
  readonly datasetId: DatasetId;
  readonly dataset: ImageDataset;
  readonly plan: PruningPlan;
  readonly classes: readonly number[];
  /** Of each of the two models. */
  readonly threads: number;
  readonly head: RecordHead;
}

/** Images of one class that are tried before the class is given up. */
const triesPerClass = 20;

type StripImage = StripRecord['images'][number];

/** Nothing is kept when it is stopped before the end. */
export async function drawStrip(task: StripTask, place: Workplace): Promise<RunState> {
  const { model, dataset, plan, head, classes } = task;
  const tells = place.backend.contributions === true;
  const load = (own: PruningPlan) => loadModel(place, model.spec, model.weights(), own, tells);
  const dense = await load(densePlan);
  const pruned = await load(plan);
  const images: StripImage[] = [];
  try {
    for (const label of classes) {
      if (place.stopping()) return 'stopped';
      const image = await firstCorrect(label);
      if (image !== null) images.push(image);
      place.advance(1 / classes.length);
    }
  } finally {
    await dense.dispose();
    await pruned.dispose();
  }
  if (images.length === 0) throw new TaskFailure(`${dataset.name}: no image that the dense model gets right`);
  place.results.append({
    ...head,
    kind: 'strip',
    model: model.described,
    plan: { ...plan, schedule: [...plan.schedule] },
    schedule: formatSchedule(plan.schedule),
    dataset: { name: titleOf(dataset), split: dataset.split },
    grid: tokenGrid(model.spec),
    classToken: classTokenOf(model.spec),
    protectedTokens: [...tokenLayout(model.spec).protectedTokens],
    images,
  });
  return 'done';

  async function firstCorrect(label: number): Promise<StripImage | null> {
    const candidates = dataset.samples.filter((sample) => sample.label === label).slice(0, triesPerClass);
    for (const { index, id } of candidates) {
      const [[, pixels]] = await readAll([index], (wanted) => dataset.load(wanted));
      if (pixels instanceof Unanswered) continue;
      const batch = { pixels, size: 1, samples: [index] };
      const unpruned = await dense.run(batch);
      if (best(unpruned) !== label) continue;
      const prediction = await pruned.run(batch);
      const kept = plan.schedule.map(({ after }) => ({
        after,
        positions: Array.from(prediction.kept.get(after)!).sort((a, b) => a - b),
      }));
      return {
        id,
        label: named(label),
        predicted: named(best(prediction)),
        dense: named(label),
        ...(await picture(index)),
        kept,
        ...(tells && { read: { dense: mapOf(unpruned), pruned: mapOf(prediction) } }),
      };
    }
    return null;
  }

  function best({ logits }: Prediction): number {
    return topK(logits, model.spec.classes, 1)[0];
  }

  /** Of a prediction for one image; four digits are more than a picture shows. */
  function mapOf({ contributions }: Prediction): number[] {
    return Array.from(contributionMap(model.spec, contributions!), (part) => Number(part.toPrecision(4)));
  }

  function named(index: number) {
    return { index, name: dataset.classes[index] };
  }

  async function picture(
    index: number,
  ): Promise<Pick<StripImage, 'width' | 'height' | 'channels' | 'pixels'>> {
    const { width, height, data } = await dataset.preview(index);
    const grey = dataset.channels === 1;
    const bytes = grey ? data.filter((_, at) => at % 3 === 0) : data;
    return { width, height, channels: grey ? 1 : 3, pixels: Buffer.from(bytes).toString('base64') };
  }
}
