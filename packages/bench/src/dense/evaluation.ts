/** What evaluating a detector and a segmenter have in common: every image answered once, in any number of runs. */
import { availableParallelism } from 'node:os';
import { type PruningPlan, UserError, type Weights } from '@vssm/core';
import type { DenseDataset, SizeLimits } from '@vssm/datasets';
import type { DrawnImage } from '@vssm/results';
import { type DenseSpec, denseFlops } from '@vssm/vision-tasks';
import { exitCodes, listenForInterruption } from '../interruption.ts';
import { keyOf } from '../keys.ts';
import type { Progress } from '../progress.ts';
import { type Answers, openAnswers } from './answers.ts';
import { denseCode } from './code.ts';
import { drawnImage } from './drawn-image.ts';
import type { DenseAnswer } from './messages.ts';
import { type DensePart, MeanPartTimes, type PartTime } from './part-times.ts';
import { startDenseWorkers } from './pool.ts';

export interface DenseModel {
  readonly spec: DenseSpec;
  readonly weights: Weights;
  /** Tells checkpoints apart, and random weights by their seed. */
  readonly identity: { readonly sha256: string } | { readonly seed: number };
}

export interface DenseEvaluation<Dataset extends DenseDataset<unknown>> {
  readonly model: DenseModel;
  readonly plan: PruningPlan;
  readonly dataset: Dataset;
  /** The recipe's limits where others were asked for. */
  readonly limits: SizeLimits | null;
  /** Images to answer, as indices of the data set. */
  readonly images: readonly number[];
  /** Those of them whose answers are kept so that they can be drawn. Default: none. */
  readonly draw?: readonly number[];
  /** Worker threads, a model in each. */
  readonly workers: number;
  /** Where answers are kept; running again with it resumes. */
  readonly out: string;
  readonly progress: Progress;
}

/** What all evaluations end with. */
export interface DenseTotals {
  /** Images that the figures are over. */
  readonly images: number;
  /** Images that could not be read; they are in no figure. */
  readonly failed: readonly { readonly id: string; readonly error: string }[];
  /** Images answered by this run, and its time for each, ms, all workers together. Null where it answered none. */
  readonly throughput: { readonly images: number; readonly msPerImage: number } | null;
  /** Mean over the images, ms inside one thread. */
  readonly partMs: ReadonlyMap<DensePart, number>;
  readonly drawn: readonly DrawnImage[];
}

/** What is kept of one image. */
interface KeptAnswer {
  readonly result: unknown;
  readonly ms: readonly PartTime[];
  readonly drawn?: DrawnImage;
}

/** An image that has an answer, and what `record` made of it. */
export interface Answered {
  readonly index: number;
  readonly result: unknown;
}

export type Stopped = { readonly state: 'stopped'; readonly exitCode: number };

/** Memory of one worker, bytes: a RetinaNet-L1 at 800x1344 was seen to take 3.2 GiB. */
const workerBytes = { detector: 4 * 2 ** 30, segmenter: 2 * 2 ** 30 } as const;

/** As many worker threads as there are cores, and as memory allows; at least one. */
export function usualWorkers({ kind }: DenseSpec): number {
  const each = kind === 'upernet' ? workerBytes.segmenter : workerBytes.detector;
  return Math.max(1, Math.min(availableParallelism(), Math.floor(process.availableMemory() / each)));
}

/**
 * Answers every image that has no answer yet.
 *
 * @param record what is kept of an answer
 * @param summarise goes once through the answers, in the order of the images, when all have one or an error
 * @throws UserError for a folder of another evaluation, an image that the model does not take
 */
export async function answerImages<Dataset extends DenseDataset<unknown>, Result>(
  request: DenseEvaluation<Dataset>,
  record: (index: number, answer: DenseAnswer) => Promise<unknown>,
  summarise: (answered: Iterable<Answered>) => Promise<Result>,
): Promise<({ readonly state: 'done' } & DenseTotals & { readonly result: Result }) | Stopped> {
  const { dataset, images, progress } = request;
  const answers = await openAnswers(request.out, keyOfEvaluation(request));
  try {
    const idOf = (index: number) => dataset.samples[index].id;
    const open = images.filter((index) => !answers.has(idOf(index)));
    const work = await answerOpen(request, open, answers, record);
    if (work.stopped !== null) return { state: 'stopped', exitCode: work.stopped };
    const answered = images.filter((index) => answers.has(idOf(index)));
    if (answered.length === 0) {
      const [first] = answers.failed.values();
      throw new UserError(`${dataset.name}: no image could be read; the first: ${first}`);
    }
    const failed = images.flatMap((index) => {
      const error = answers.failed.get(idOf(index));
      return error === undefined ? [] : [{ id: idOf(index), error }];
    });
    for (const { error } of failed.slice(0, 1)) {
      progress.say(`${failed.length} images without an answer, not counted; the first: ${error}`);
    }
    const throughput = work.images === 0 ? null : { images: work.images, msPerImage: work.ms / work.images };
    const times = new MeanPartTimes();
    const drawn: DrawnImage[] = [];
    const each = function* (): Generator<Answered> {
      for (const index of answered) {
        const kept = answers.read(idOf(index)) as KeptAnswer;
        times.add(kept.ms);
        if (kept.drawn !== undefined) drawn.push(kept.drawn);
        yield { index, result: kept.result };
      }
    };
    const result = await summarise(each());
    const totals = { images: answered.length, failed, throughput, partMs: times.means, drawn };
    return { state: 'done', ...totals, result };
  } finally {
    answers.close();
  }
}

async function answerOpen<Dataset extends DenseDataset<unknown>>(
  { model, plan, dataset, images, draw = [], workers: count, progress }: DenseEvaluation<Dataset>,
  open: readonly number[],
  answers: Answers,
  record: (index: number, answer: DenseAnswer) => Promise<unknown>,
): Promise<{ readonly stopped: number | null; readonly images: number; readonly ms: number }> {
  if (open.length === 0) return { stopped: null, images: 0, ms: 0 };
  const each = estimatedMs(model.spec, plan) / count;
  progress.begin(images.length * each);
  progress.task(`${dataset.name} ${dataset.split}, ${images.length} images`);
  progress.found((images.length - open.length) * each);
  const interruption = listenForInterruption((signal) =>
    progress.say(`${signal}: finishing the images at work; once more to stop at once`),
  );
  const workers = await startDenseWorkers(Math.min(count, open.length), model.spec, model.weights, plan);
  const started = performance.now();
  let done = 0;
  let broken = false;
  const queue = open.values();
  try {
    // A worker must not be stopped while it works, so all of them end before the first error is thrown.
    const ends = await Promise.allSettled(
      workers.map(async (worker) => {
        // Every thread takes the next image of the one queue.
        for (const index of queue) {
          if (interruption.signal !== null || broken) return;
          const { id } = dataset.samples[index];
          const image = await loaded(dataset, index);
          if ('error' in image) {
            answers.fail(id, image.error);
            progress.advance(each);
            continue;
          }
          try {
            const said = await worker.run({ image: image.prepared, sample: index });
            const request = { spec: model.spec, plan, dataset, index, placed: image.prepared };
            answers.append(id, {
              result: await record(index, said.answer),
              ms: said.ms,
              ...(draw.includes(index) && { drawn: await drawnImage(request, said) }),
            } satisfies KeptAnswer);
          } catch (error) {
            broken = true;
            if (!(error instanceof UserError)) throw error;
            throw new UserError(`image ${id}: ${error.message}`, { cause: error });
          }
          done++;
          progress.advance(each);
        }
      }),
    );
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  } finally {
    await Promise.all(workers.map((worker) => worker.stop()));
    interruption.release();
    progress.end();
  }
  const { signal } = interruption;
  const stopped = signal === null || done === open.length ? null : exitCodes[signal];
  return { stopped, images: done, ms: performance.now() - started };
}

/** What cannot be read is the file's fault, and the other images go on. */
async function loaded(dataset: DenseDataset<unknown>, index: number) {
  try {
    const prepared = await dataset.load(index);
    await dataset.truth(index);
    return { prepared };
  } catch (error) {
    if (error instanceof UserError) return { error: error.message };
    throw error;
  }
}

function keyOfEvaluation({
  model: { spec, identity },
  plan,
  dataset,
  limits,
  draw = [],
}: DenseEvaluation<DenseDataset<unknown>>): string {
  const { name, split, checksum, classes } = dataset;
  return keyOf([spec.kind, name], {
    code: denseCode(spec),
    weights: identity,
    ...{ spec, plan, limits, draw },
    dataset: { name, split, checksum, classes },
  });
}

/** One thread does about this many strict GFLOPs a second; the progress bar corrects itself as it goes. */
const gflopsPerSecond = 20;

function estimatedMs(spec: DenseSpec, plan: PruningPlan): number {
  return denseFlops(spec, plan, 'strict').total / 1e6 / gflopsPerSecond;
}
