/** Accuracy: images through a classifier, the five best classes of each kept, and the record summed up from these. */
import { answerImages, type Classified, classifier, type ImageWork, Unanswered } from '@vssm/backend';
import { counted, formatSchedule } from '@vssm/core';
import { type ImageDataset, titleOf } from '@vssm/datasets';
import { Accuracy, topK } from '@vssm/metrics';
import { type AccuracyRecord, type PredictionLine, type ShardRecord, schemaVersion } from '@vssm/results';
import { costOf } from '../cost.ts';
import type { DatasetId } from '../dataset-names.ts';
import type { ReadyModel } from '../resources.ts';
import { failing, loadModel, type RunState, TaskFailure, type Workplace } from '../workplace.ts';
import {
  answersKey,
  type ImageTask,
  imagesOf,
  sampleOf,
  type Throughput,
  throughputOf,
} from './image-task.ts';
import { orClosed, writeRecords } from './write-records.ts';

/** One plan on one choice of images, evaluated once for all the rows that show it. */
export interface AccuracyTask extends ImageTask {
  readonly kind: 'accuracy';
  readonly model: Omit<ReadyModel, 'id'>;
  readonly datasetId: DatasetId;
  readonly dataset: ImageDataset;
  /** They do not change the answers, so no key has them. */
  readonly threads: number;
}

/** @param tell what the records do not hold */
export async function evaluate(
  task: AccuracyTask,
  place: Workplace,
  tell: (throughput: Throughput | null) => void = () => {},
): Promise<RunState> {
  const started = performance.now();
  const indices = imagesOf(task);
  const file = place.results.predictions(answersKey(task));
  let lines: readonly PredictionLine[] = [];
  const done = await orClosed(file, async () => {
    const work = await answerImages(workOf(task, place), file, place);
    if (!work.stopped) lines = indices.map((index) => file.read(index));
    return work;
  });
  if (done.stopped) {
    file.close();
    return 'stopped';
  }
  tell(throughputOf(done));
  const written = { durationMs: performance.now() - started, predictions: file.finish(indices) };
  return writeRecords(task, place.results, {
    whole: (head) => ({
      ...head,
      kind: 'accuracy',
      ...described(task, place),
      ...written,
      ...summary(task.dataset.name, sampleOf(task), lines),
    }),
    shard: (part): ShardRecord => ({
      schema: schemaVersion,
      kind: 'shard',
      key: part.recordKey,
      ...{ evaluation: task.key, code: task.code, runtime: task.runtime, batch: task.batch },
      shard: { ...part.shard },
      ...described(task, place),
      sample: sampleOf(task),
      ...written,
      heads: [...task.heads],
      failed: lines.filter((line) => 'error' in line).length,
    }),
  });
}

/** One line per image; an image that cannot be read, or that the backend has no answer for, has one that says why. */
function workOf(
  { model, plan, dataset, batch, ...task }: AccuracyTask,
  place: Workplace,
): ImageWork<Float32Array, Classified, PredictionLine> {
  const { samples, name } = dataset;
  return {
    indices: imagesOf({ ...task, dataset, batch, plan }),
    batch,
    lanes: 1,
    load: (index) => dataset.load(index),
    async open() {
      const loaded = await loadModel(place, model.spec, model.weights(), plan);
      return failing(classifier(loaded, model.spec, (index) => `${samples[index].id} of ${name}`));
    },
    line(index, answer) {
      const { id, label } = samples[index];
      if (answer instanceof Unanswered) return { index, label, id, error: answer.reason };
      return { index, label, id, top: topK(answer.logits, model.spec.classes, 5) };
    },
  };
}

function described({ model, plan, dataset }: AccuracyTask, place: Workplace) {
  return {
    model: model.described,
    plan: { ...plan, schedule: [...plan.schedule] },
    schedule: formatSchedule(plan.schedule),
    dataset: {
      name: titleOf(dataset),
      split: dataset.split,
      sha256: dataset.checksum,
      total: dataset.samples.length,
    },
    backend: place.described,
    ...costOf(model.spec, plan),
  };
}

/** What an accuracy record says about its predictions, from these alone. */
export function summary(dataset: string, sample: AccuracyRecord['sample'], lines: readonly PredictionLine[]) {
  const accuracy = new Accuracy();
  const failed: AccuracyRecord['failed'] = [];
  for (const line of lines) {
    if ('top' in line) accuracy.addRanking(line.top, line.label);
    else failed.push({ id: line.id, error: line.error });
  }
  const { count, top1, top5, top1Correct: correct1, top5Correct: correct5, interval } = accuracy.summary();
  if (count === 0) {
    throw new TaskFailure(
      `none of the ${counted(lines.length, 'image')} of ${dataset} could be read; the first: ${failed[0].error}`,
    );
  }
  const partial = sample.partial || failed.length > 0;
  return {
    sample: { ...sample, partial },
    ...{ count, correct1, correct5, failed, top1, top5 },
    interval: [...interval] as [number, number],
  };
}
