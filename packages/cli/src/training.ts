/** What `vssm train`, `vssm finetune` and `vssm experiment` share: progress, and the run itself. */

import { cpus } from 'node:os';
import { join } from 'node:path';
import {
  formatDuration,
  type Interruption,
  listenForInterruption,
  threadsOfBytes,
  trainingCode,
} from '@vssm/bench';
import type { PruningPlan, Weights } from '@vssm/core';
import { counted } from '@vssm/core';
import type { ImageDataset } from '@vssm/datasets';
import { checkPlan, type ModelSpec, trainableSpec } from '@vssm/families';
import { kernelImplementation } from '@vssm/kernels';
import {
  checkRecipe,
  type Evaluation,
  evaluate,
  heldOutImages,
  imageExamples,
  type LogLine,
  parameterLayout,
  type Recipe,
  runFiles,
  type TrainedSpec,
  type TrainingRun,
  train,
  trainingWorkerBytes,
} from '@vssm/train';
import { checkInput } from './inputs.ts';
import type { TrainingOptions } from './options/training.ts';
import { note, printResult } from './output.ts';
import { memoryAtHand } from './threads-at-hand.ts';
import type { TrainingImages } from './training-images.ts';

/** What a run starts from, made when its images are known. */
export interface Start {
  readonly spec: ModelSpec;
  readonly plan: PruningPlan;
  readonly recipe: Recipe;
  readonly initial: Weights;
}

/** One run from initial weights to a finished model, or to where Ctrl-C stops it. */
export async function runTraining(
  options: TrainingOptions,
  { training, test, normalisation }: TrainingImages,
  start: (training: ImageDataset) => Start,
): Promise<void> {
  const stop = stopOnSignal();
  try {
    const { spec, plan, initial, recipe: asked } = start(training);
    const model = trainableSpec(spec);
    checkPlan(model, plan);
    checkInput(training, spec);
    const recipe = checkRecipe(fittedRecipe(options, asked, training.samples.length));
    const { testImages: limit, heldOut } = options;
    const judged = heldOut === true ? heldOutImages(training, recipe.images) : test;
    const examples = imageExamples(training, normalisation);
    await trainToEnd(
      options,
      {
        ...{ spec: model, plan, recipe, initial, examples },
        ...(judged !== undefined && {
          judged: {
            split: judged.split,
            name: heldOut === true ? 'held-out image' : 'test image',
            evaluate: (weights, threads, stopped) =>
              evaluate({ spec: model, plan, dataset: judged, threads, limit, stopped }, weights),
          },
        }),
      },
      stop,
    );
  } finally {
    stop.release();
    await training.close();
    await test?.close();
  }
}

/** What is learned, and from what, whatever the task is. */
interface Lesson extends Pick<TrainingRun, 'spec' | 'plan' | 'recipe' | 'initial' | 'examples'> {
  /** What it is evaluated on after every epoch. */
  readonly judged?: {
    readonly split: string;
    /** Of one image, for people. */
    readonly name: string;
    /** Undefined when it was stopped. */
    evaluate(weights: Weights, threads: number, stopped: () => boolean): Promise<Evaluation | undefined>;
  };
}

/** Says what came out, or how to go on. */
export async function trainToEnd(
  options: TrainingOptions,
  lesson: Lesson,
  stop: Interruption,
): Promise<void> {
  const { judged, ...run } = lesson;
  const { out, saveEvery, logEvery } = options;
  const threads = trainingThreads(run.spec, run.recipe, options.threads);
  const judge = judged?.name ?? 'image';
  const stopped = () => stop.signal !== null;
  const outcome = await train({
    ...run,
    ...{ threads, out, saveEvery, logEvery },
    circumstances: {
      ...(await circumstances(threads)),
      ...(judged !== undefined && { evaluatedOn: judged.split }),
    },
    ...(judged !== undefined && {
      // The log says of every epoch what was looked at: a run may be resumed with another choice.
      async evaluate(weights: Weights) {
        const found = await judged.evaluate(weights, threads, stopped);
        return found && { ...found, split: judged.split };
      },
    }),
    tell: progressLine(judge),
    stopped,
  });
  if (outcome.state === 'stopped') {
    process.stderr.write(
      `stopped after ${outcome.step} of ${outcome.steps} steps; run the same command again to go on\n`,
    );
    process.exitCode = stop.exitCode;
    return;
  }
  const log = join(out, runFiles.log);
  const figure = outcome.test === null ? '' : `${figureOf(outcome.test, judge)}; `;
  printResult(options, { ...outcome, log }, `${figure}${outcome.model}; log: ${log}`);
}

/** In words. @param judge what one image is called */
function figureOf(test: Evaluation, judge: string): string {
  const of = `of ${counted(test.count, judge)}`;
  if ('top1' in test) return `top-1 ${test.top1.toFixed(2)} % ${of}`;
  return `mIoU ${test.miou === null ? 'undefined' : `${test.miou.toFixed(2)} %`} ${of}`;
}

/** The threads asked for, or fewer with a word where memory carries no more; the result is the same. */
export function trainingThreads(spec: TrainedSpec, { microBatch }: Recipe, asked: number): number {
  const each = trainingWorkerBytes(spec, parameterLayout(spec).size, microBatch);
  return threadsOfBytes(each, `this training, ${counted(microBatch, 'image')} each,`, asked, memoryAtHand());
}

/**
 * A batch no larger than the images there are, unless one is asked for: a few dozen photos should do.
 *
 * @param count images in the data set
 */
function fittedRecipe({ batch, microBatch }: TrainingOptions, recipe: Recipe, count: number): Recipe {
  const images = recipe.images === 0 ? count : Math.min(recipe.images, count);
  if (batch !== undefined || images === 0 || images >= recipe.batch) return recipe;
  const micro = microBatch ?? Math.min(recipe.microBatch, images);
  const fitted = Math.max(micro, images - (images % micro));
  note(
    `note: ${counted(images, 'image')}, so a step takes ${fitted} of them, not ${recipe.batch} (--batch, --micro-batch)`,
  );
  return { ...recipe, batch: fitted, microBatch: micro };
}

/** What a log says of the machine; nothing of it decides the result. */
export async function circumstances(threads: number): Promise<Readonly<Record<string, unknown>>> {
  return {
    code: trainingCode(),
    node: process.version,
    processor: cpus()[0]?.model ?? 'unknown',
    threads,
    kernels: await kernelImplementation(),
  };
}

/**
 * Lines of the log for people, on stderr, with the time that is left.
 *
 * @param judge what an image that is evaluated on is called
 */
export function progressLine(judge = 'test image'): (line: LogLine, stepsInAll: number) => void {
  let first: { readonly step: number; readonly at: number } | undefined;
  return (line, steps) => {
    if (line.kind === 'run') return;
    if (line.kind === 'epoch') {
      if (line.test === null) return;
      process.stderr.write(`epoch ${line.epoch}: ${figureOf(line.test, judge)}\n`);
      const { failed = [] } = line.test;
      if (failed.length > 0) {
        const [{ id, error }] = failed;
        note(`note: ${counted(failed.length, judge)} left out, first ${id}: ${error}`);
      }
      return;
    }
    const now = performance.now();
    first ??= { step: line.step, at: now };
    const done = line.step - first.step;
    const left =
      done === 0 ? '' : `  ${formatDuration(((now - first.at) / done) * (steps - line.step))} left`;
    process.stderr.write(
      `step ${line.step}/${steps}  loss ${line.loss.toFixed(4)}  top-1 ${line.top1.toFixed(1)} %  ` +
        `${line.imagesPerSecond.toFixed(0)} images/s${left}\n`,
    );
  };
}

/** A step of a large model takes longer than a batch that is only evaluated; both are cut off between two of them. */
const stepMs = 60_000;

/** The first signal lets the step end and saves it; a second one ends the process. */
export function stopOnSignal(): Interruption {
  return listenForInterruption(
    (signal) => process.stderr.write(`${signal}: stopping after this step; once more ends at once\n`),
    stepMs,
  );
}
