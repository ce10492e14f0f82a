/**
 * One evaluation: images through a model in batches, each batch's predictions appended to a side file, and the
 * record summed up from that file alone, so that it does not matter how often the run was cut off in between.
 */
import type { LoadedModel } from '@vssm/backend';
import { formatSchedule, UserError } from '@vssm/core';
import { type ImageDataset, titleOf } from '@vssm/datasets';
import { Accuracy, topK } from '@vssm/metrics';
import {
  type AccuracyRecord,
  type PredictionLine,
  type PredictionsFile,
  type ShardRecord,
  schemaVersion,
} from '@vssm/results';
import { costOf } from './cost.ts';
import type { EvaluationPart } from './shard.ts';
import { type EvaluationTask, imagesOf } from './tasks.ts';
import { loadModel, TaskFailure, type Workplace } from './workplace.ts';

/** @returns false when it was stopped before the end; what was done is kept */
export async function evaluate(task: EvaluationTask, place: Workplace): Promise<boolean> {
  const started = performance.now();
  const file = place.results.predictions(task.part?.key ?? task.key);
  try {
    checkSameImages(task, file);
    place.found(file.lines.length / Math.max(1, imagesOf(task).length));
    if (!(await predictRest(task, place, file))) {
      file.close();
      return false;
    }
  } catch (error) {
    file.close();
    throw error;
  }
  const durationMs = performance.now() - started;
  const lines = [...file.lines];
  const done = { ...described(task, place), durationMs, predictions: file.finish() };
  if (task.part !== undefined) {
    place.results.append(shardRecord(task, task.part, lines, done));
    return true;
  }
  for (const head of task.heads) {
    if (place.results.has(head.key)) continue;
    place.results.append({ ...head, kind: 'accuracy', ...done, ...summary(task.dataset.name, lines) });
  }
  return true;
}

type Done = ReturnType<typeof described> & Pick<AccuracyRecord, 'durationMs' | 'predictions'>;

function shardRecord(
  { key, code, runtime, batch, heads }: EvaluationTask,
  { recordKey, shard }: EvaluationPart,
  lines: readonly PredictionLine[],
  done: Done,
): ShardRecord {
  const failed = lines.filter((line) => 'error' in line).length;
  return {
    schema: schemaVersion,
    kind: 'shard',
    key: recordKey,
    evaluation: key,
    code,
    runtime,
    batch,
    shard: { ...shard },
    ...done,
    heads: [...heads],
    failed,
  };
}

/** A side file is found by its key, so lines of other images mean that somebody changed it. */
function checkSameImages(task: EvaluationTask, { lines }: PredictionsFile): void {
  const indices = imagesOf(task);
  const wrong = lines.findIndex((line, row) => line.index !== indices[row]);
  if (wrong === -1) return;
  throw new UserError(
    `predictions/${task.part?.key ?? task.key}.csv line ${wrong + 2}: image ${lines[wrong].index} instead of ` +
      `${indices[wrong] ?? 'the end'}; the file was changed, delete it and run again`,
  );
}

/**
 * Batches lie at fixed places, also when a killed run had written a part of one: an image is always evaluated
 * beside the same neighbours.
 */
async function predictRest(task: EvaluationTask, place: Workplace, file: PredictionsFile): Promise<boolean> {
  const indices = imagesOf(task);
  if (file.lines.length === indices.length) return true;
  const model = await loadModel(place, task.model.spec, task.model.weights(), task.plan);
  try {
    const first = Math.floor(file.lines.length / task.batch) * task.batch;
    for (let at = first; at < indices.length; at += task.batch) {
      if (place.stopping()) return false;
      const lines = await predictBatch(model, task, indices.slice(at, at + task.batch));
      const missing = lines.slice(file.lines.length - at);
      file.append(missing);
      place.advance(missing.length / indices.length);
    }
    return true;
  } finally {
    await model.dispose();
  }
}

/**
 * One line per image, in the order of `indices`; an image that cannot be read, or that the backend has no answer
 * for, becomes a line that says why.
 */
async function predictBatch(
  model: LoadedModel,
  task: EvaluationTask,
  indices: readonly number[],
): Promise<PredictionLine[]> {
  const { samples } = task.dataset;
  const loaded = await loadImages(task.dataset, indices);
  const readable = indices.filter((_, place) => !(loaded[place] instanceof UserError));
  const images = loaded.filter((image): image is Float32Array => !(image instanceof UserError));
  const answers = await askModel(model, task, readable, images);
  return indices.map((index, place): PredictionLine => {
    const { id, label } = samples[index];
    const image = loaded[place];
    const answer = image instanceof UserError ? image.message : answers.get(index)!;
    return typeof answer === 'string' ? { index, label, id, error: answer } : { index, label, top: answer };
  });
}

/** The five best classes of each image, or why there are none, by the image's index. */
async function askModel(
  model: LoadedModel,
  { dataset, model: { spec } }: EvaluationTask,
  indices: readonly number[],
  images: readonly Float32Array[],
): Promise<ReadonlyMap<number, number[] | string>> {
  const answers = new Map<number, number[] | string>();
  if (images.length === 0) return answers;
  const size = images[0].length;
  const pixels = new Float32Array(images.length * size);
  for (const [row, image] of images.entries()) pixels.set(image, row * size);
  const { logits, failed } = await model.run({ pixels, size: images.length, samples: indices });
  for (const [row, index] of indices.entries()) {
    const reason = failed?.get(row);
    const own = logits.subarray(row * spec.classes, (row + 1) * spec.classes);
    if (reason === undefined && !own.every(Number.isFinite)) {
      const { id } = dataset.samples[index];
      throw new TaskFailure(`image ${id} of ${dataset.name}: the model's logits are not finite`);
    }
    answers.set(index, reason ?? topK(own, spec.classes, 5));
  }
  return answers;
}

/** Pixels, or the error, of each image. */
export function loadImages(
  dataset: Pick<ImageDataset, 'load'>,
  indices: readonly number[],
): Promise<(Float32Array | UserError)[]> {
  return Promise.all(
    indices.map((index) =>
      dataset.load(index).catch((error: unknown) => {
        if (error instanceof UserError) return error;
        throw error;
      }),
    ),
  );
}

function described(task: EvaluationTask, place: Workplace) {
  const { model, plan, dataset, images } = task;
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
    sample: {
      count: images.indices.length,
      how: images.how,
      seed: images.seed,
      idsHash: images.idsHash,
      partial: images.partial,
    },
    backend: place.described,
    ...costOf(model.spec, plan),
  };
}

/** What an accuracy record says about its predictions, from these alone. */
export function summary(dataset: string, lines: readonly PredictionLine[]) {
  const accuracy = new Accuracy();
  const failed: AccuracyRecord['failed'] = [];
  for (const line of lines) {
    if ('top' in line) accuracy.addRanking(line.top, line.label);
    else failed.push({ id: line.id, error: line.error });
  }
  const { count, top1, top5, top1Correct: correct1, top5Correct: correct5, interval } = accuracy.summary();
  if (count === 0) {
    throw new TaskFailure(
      `none of the ${lines.length} images of ${dataset} could be read; the first: ${failed[0].error}`,
    );
  }
  return { count, correct1, correct5, failed, top1, top5, interval: [...interval] as [number, number] };
}
