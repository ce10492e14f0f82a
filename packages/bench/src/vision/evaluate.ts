/** Evaluating a detector or segmenter: every image answered once, in any number of runs and shards. */

import { availableParallelism } from 'node:os';
import { answerImages, Unanswered } from '@vssm/backend';
import { formatSchedule, UserError, type Weights } from '@vssm/core';
import type { PreparedImage, VisionDataset } from '@vssm/datasets';
import { type ImageAnswerLine, type ImageAnswers, schemaVersion, type VisionRecord } from '@vssm/results';
import { inputSize, type VisionSpec } from '@vssm/vision-tasks';
import {
  answersKey,
  type ImageTask,
  imagesOf,
  sampleOf,
  type Throughput,
  throughputOf,
} from '../evaluation/image-task.ts';
import { orClosed, writeRecords } from '../evaluation/write-records.ts';
import { interruptible } from '../interruption.ts';
import { failing, type RunState, TaskFailure, type Workplace } from '../workplace.ts';
import { visionCost, visionPartsOf } from './cost.ts';
import { drawnImage } from './drawn-image.ts';
import { type VisionTaskKind, visionKind } from './kinds.ts';
import type { AnsweredImage } from './messages.ts';
import { MeanPartTimes } from './part-times.ts';
import { openVisionPool } from './pool.ts';
import { summedUp, visionRecord } from './record.ts';

export interface VisionModel {
  readonly spec: VisionSpec;
  readonly weights: Weights;
  /** Tells checkpoints apart, and random weights by their seed. */
  readonly identity: { readonly sha256: string } | { readonly seed: number };
  readonly described: VisionRecord['model'];
}

export interface VisionTask extends ImageTask {
  readonly kind: VisionTaskKind;
  readonly label: string;
  readonly model: VisionModel;
  readonly dataset: VisionDataset<unknown>;
  /** As results call the data set. */
  readonly datasetName: string;
  /** Images whose answers are kept so that they can be drawn, by index. */
  readonly draw: readonly number[];
  /** Worker threads at most, a model in each. */
  readonly workers: number;
}

/** How an evaluation that this process has carried out ended. */
export interface VisionRun {
  readonly score: unknown;
  /** All workers together. */
  readonly throughput: Throughput | null;
}

/** Memory of one worker, bytes: a RetinaNet-L1 at 800x1344 was seen to take 3.2 GiB. */
const workerBytes = { detector: 4 * 2 ** 30, segmenter: 2 * 2 ** 30 } as const;

/** As many worker threads as there are cores, and as memory allows; at least one. */
export function usualWorkers({ kind }: VisionSpec): number {
  const each = kind === 'upernet' ? workerBytes.segmenter : workerBytes.detector;
  return Math.max(1, Math.min(availableParallelism(), Math.floor(process.availableMemory() / each)));
}

/** @param tell what the records do not hold */
export async function evaluateVision(
  task: VisionTask,
  place: Workplace,
  tell: (run: VisionRun) => void = () => {},
): Promise<RunState> {
  const started = performance.now();
  const kind = visionKind(task.kind);
  const scoring = kind.scoring(task.dataset, task.model.spec);
  const indices = imagesOf(task);
  const key = answersKey(task);
  const file = place.results.imageAnswers(key, scoring);
  const times = new MeanPartTimes();
  const work = await orClosed(file, () => answerAll(task, place, file, times));
  if (work.stopped) {
    file.close();
    return 'stopped';
  }
  const { part } = task;
  // A part of the images has no figures, so that it can never be read as the whole.
  const read = (index: number) => file.read(index);
  const summed = await orClosed(file, async () =>
    part === undefined ? summedUp(scoring, indices, read, place.results.folder, key) : null,
  );
  const failed = indices.filter((index) => !file.answered(index)).length;
  const done = { predictions: file.finish(indices), durationMs: performance.now() - started };
  tell({ score: summed?.score, throughput: throughputOf(work) });
  const { model, plan, dataset } = task;
  const described = {
    model: model.described,
    plan: { ...plan, schedule: [...plan.schedule] },
    schedule: formatSchedule(plan.schedule),
    dataset: {
      ...{ name: task.datasetName, split: dataset.split, sha256: dataset.checksum },
      total: dataset.samples.length,
    },
    ...visionCost(model.spec, plan),
    ...done,
  };
  const input = inputSize(model.spec);
  const parts = visionPartsOf(model.spec, plan, times.means);
  return writeRecords(task, place.results, {
    whole: (head) => visionRecord(head, { ...described, input, parts }, sampleOf(task), summed!),
    shard: ({ recordKey, shard }) => ({
      schema: schemaVersion,
      kind: 'shard',
      key: recordKey,
      ...{ evaluation: task.key, code: task.code, runtime: task.runtime, batch: task.batch },
      shard: { ...shard },
      ...described,
      backend: place.described,
      sample: sampleOf(task),
      heads: [...task.heads],
      failed,
      vision: { scoring, input, timed: times.images, parts },
    }),
  });
}

function answerAll(task: VisionTask, place: Workplace, file: ImageAnswers, times: MeanPartTimes) {
  const { model, plan, dataset, draw, batch, workers } = task;
  const kind = visionKind(task.kind);
  const idOf = (index: number) => dataset.samples[index].id;
  return answerImages<PreparedImage, AnsweredImage, ImageAnswerLine>(
    {
      indices: imagesOf(task),
      batch,
      lanes: workers,
      async load(index) {
        const prepared = await dataset.load(index);
        await dataset.truth(index);
        return prepared;
      },
      open: async (lanes) => {
        try {
          const open = () => openVisionPool(lanes, model.spec, model.weights, plan, idOf);
          return failing(await interruptible(open));
        } catch (error) {
          throw error instanceof UserError ? new TaskFailure(error.message, { cause: error }) : error;
        }
      },
      async line(index, answer, image) {
        const id = idOf(index);
        if (answer instanceof Unanswered) return { index, id, error: answer.reason };
        times.add(answer.ms);
        const result = await kind.result(dataset, index, answer.answer);
        if (!draw.includes(index)) return { index, id, result };
        const request = { spec: model.spec, plan, dataset, index, placed: image! };
        return { index, id, result, drawn: await drawnImage(request, answer) };
      },
    },
    file,
    place,
  );
}
