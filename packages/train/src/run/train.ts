/**
 * A training run: images in a seeded order through the pool, AdamW, a state now and then, a log, and the finished
 * model. The same call with the same folder goes on where the last one stopped, and ends at the same bits.
 */
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { writeSafetensors } from '@vssm/checkpoints';
import { counted, type PruningPlan, UserError, type Weights } from '@vssm/core';
import type { Examples } from '../data/examples.ts';
import { epochOrder } from '../data/training-images.ts';
import { checkTrainable, type MicroBatch } from '../engine/engine.ts';
import { flatten, type ParameterLayout, parameterLayout, unflatten } from '../engine/layout.ts';
import { adamW, clip, freshVectors, type TrainingVectors } from '../recipe/optimiser.ts';
import { checkRecipe, learningRateAt, type Recipe } from '../recipe/recipe.ts';
import { trainingTask } from '../tasks.ts';
import { backboneOf, type TrainedSpec } from '../trained-spec.ts';
import { type Evaluation, type LogLine, type StepLine, TrainingLog } from './log.ts';
import { GradientPool } from './pool.ts';
import { beginning, loadState, type Progress, type RunIdentity, saveState } from './state.ts';

export interface TrainingRun {
  readonly spec: TrainedSpec;
  readonly plan: PruningPlan;
  readonly recipe: Recipe;
  readonly initial: Weights;
  readonly examples: Examples;
  readonly threads: number;
  /** Folder of the state, the log and the model. */
  readonly out: string;
  /** Steps between two saved states, and between two lines of the log. */
  readonly saveEvery: number;
  readonly logEvery: number;
  /** For the log's first line: what does not decide the result. */
  readonly circumstances: Readonly<Record<string, unknown>>;
  /** Accuracy of the result so far, after every epoch; undefined when it was stopped. */
  readonly evaluate?: (weights: Weights) => Promise<Evaluation | undefined>;
  /** Every line of the log as it is written. */
  readonly tell?: (line: LogLine, stepsInAll: number) => void;
  /** Asked after every step and by evaluations; true saves the state and stops. */
  readonly stopped?: () => boolean;
}

export type TrainingOutcome =
  | { readonly state: 'stopped'; readonly step: number; readonly steps: number }
  | {
      readonly state: 'finished';
      readonly steps: number;
      /** The finished model's file, and its weights' checksum (`weightsSha256`). */
      readonly model: string;
      readonly sha256: string;
      /** Of the last epoch. */
      readonly test: Evaluation | null;
    };

/** Names in the folder of a run. */
export const runFiles = {
  state: 'state.safetensors',
  log: 'train.jsonl',
  model: 'model.safetensors',
} as const;

/**
 * Trains, or goes on where the folder's last run stopped.
 *
 * @throws UserError for a plan or a model that is not trained, images fewer than a batch, a folder of another run, a loss
 * that is not finite
 */
export async function train(run: TrainingRun): Promise<TrainingOutcome> {
  const { spec, plan, recipe, out } = run;
  checkRecipe(recipe);
  checkTrainable(spec, plan);
  const chosen = run.examples.chosen(recipe.images);
  const stepsPerEpoch = Math.floor(chosen.length / recipe.batch);
  if (stepsPerEpoch === 0) {
    throw new UserError(
      `${counted(chosen.length, 'image')}: less than one batch of ${recipe.batch}; give a smaller --batch, or more images`,
    );
  }
  const steps = recipe.epochs * stepsPerEpoch;
  const layout = parameterLayout(spec);
  const parameters = flatten(layout, run.initial);
  const vectors = freshVectors(parameters);
  const statePath = join(out, runFiles.state);
  const asked = runIdentity(run);
  const stored = await loadState(statePath, asked, vectors, stepsPerEpoch);
  const { progress, identity } = stored ?? { progress: beginning, identity: asked };
  const begin = progress.step;
  let order: number[] = [];
  let orderOf = -1;
  const prepare = async (step: number): Promise<PreparedBatch> => {
    const epoch = Math.floor(step / stepsPerEpoch);
    if (epoch !== orderOf) order = epochOrder(chosen, recipe.seed, epoch);
    orderOf = epoch;
    const first = (step % stepsPerEpoch) * recipe.batch;
    return prepareBatch(run, epoch, order.slice(first, first + recipe.batch));
  };
  // Before anything is written: pictures that cannot be learned from leave no trace of a run.
  let upcoming = begin < steps ? await prepare(begin) : undefined;
  mkdirSync(out, { recursive: true });
  // At once: what is in the folder from here on is no longer the shorter run.
  if (stored?.isProlonged) await saveState(statePath, identity, progress, vectors);
  const log = new TrainingLog(
    join(out, runFiles.log),
    { kind: 'run', identity, circumstances: run.circumstances },
    begin,
  );
  const write = (line: LogLine) => {
    log.add(line);
    run.tell?.(line, steps);
  };

  let test: Evaluation | null = null;
  /** False when it was stopped. */
  const judge = async (step: number): Promise<boolean> => {
    const found = run.evaluate === undefined ? null : await run.evaluate(resultOf(layout, vectors, recipe));
    if (found === undefined) return false;
    test = found;
    if (!log.isJudged(step)) write({ kind: 'epoch', step, epoch: step / stepsPerEpoch, test });
    return true;
  };
  let pool: GradientPool | undefined;
  try {
    // Of a run that ended in an evaluation, or has nothing left to do.
    const open = begin > 0 && begin % stepsPerEpoch === 0 && !log.isJudged(begin);
    if ((open || begin === steps) && !(await judge(begin))) return { state: 'stopped', step: begin, steps };
    if (begin < steps) {
      const engine = { spec, plan, batch: recipe.microBatch, lossScale: 1 / recipe.batch };
      pool = await GradientPool.start(engine, parameters, recipe.batch / recipe.microBatch, run.threads);
    }
    const meter = new Meter(recipe.batch, trainingTask(spec).answers, progress.untold);
    for (let step = begin; step < steps; step++) {
      const { micros, labels } = upcoming!;
      // The next images are read while the workers compute.
      const [{ loss, logits, gradient }, next] = await Promise.all([
        pool!.run(micros),
        step + 1 < steps ? prepare(step + 1) : undefined,
      ]);
      upcoming = next;
      if (!Number.isFinite(loss)) {
        throw new UserError(
          `the loss is ${loss} after ${counted(step, 'step')}; take a smaller learning rate`,
        );
      }
      const learningRate = learningRateAt(recipe, stepsPerEpoch, step);
      const norm = clip(layout, gradient, recipe.clipNorm);
      if (!Number.isFinite(norm)) {
        throw new UserError(
          `the gradient’s length is ${norm} after ${counted(step, 'step')}; take a smaller learning rate`,
        );
      }
      adamW(layout, vectors, gradient, recipe, step, learningRate);
      meter.add(loss, countCorrect(logits, labels));

      const done = step + 1;
      const endOfEpoch = done % stepsPerEpoch === 0;
      if (done % run.logEvery === 0 || endOfEpoch) {
        write({
          kind: 'step',
          step: done,
          epoch: done / stepsPerEpoch,
          ...meter.read(),
          learningRate,
          gradientNorm: norm,
        });
      }
      const stop = run.stopped?.() === true && done < steps;
      const save = stop || endOfEpoch || done % run.saveEvery === 0;
      // Before an evaluation, which takes as long as many steps: what was trained is kept if that is cut off.
      if (save) await saveState(statePath, identity, { step: done, untold: meter.untold }, vectors);
      if (stop || (endOfEpoch && !(await judge(done)))) return { state: 'stopped', step: done, steps };
      if (save) meter.restart();
    }
  } finally {
    await pool?.stop();
    log.close();
  }
  const result = resultOf(layout, vectors, recipe);
  const model = join(out, runFiles.model);
  await writeSafetensors(model, result, {
    // Several families have tensors of the same names and shapes.
    family: backboneOf(run.spec).family,
    run: JSON.stringify(identity),
    classes: JSON.stringify(run.examples.classes),
  });
  return { state: 'finished', steps, model, sha256: weightsSha256(result), test };
}

/** SHA-256 of the float32 numbers of all tensors in the order of their names. */
export function weightsSha256(weights: Weights): string {
  const hash = createHash('sha256');
  for (const name of [...weights.keys()].sort()) {
    const { data } = weights.get(name)!;
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest('hex');
}

/** What decides where a run ends. */
export function runIdentity({
  spec,
  plan,
  recipe,
  examples,
  initial: weights,
}: Pick<TrainingRun, 'spec' | 'plan' | 'recipe' | 'examples' | 'initial'>): RunIdentity {
  const parameters = flatten(parameterLayout(spec), weights);
  const initial = createHash('sha256').update(new Uint8Array(parameters.buffer)).digest('hex');
  return { spec, plan, recipe, dataset: examples.identity, initial };
}

/** The moving average if there is one, else the weights. */
function resultOf(layout: ParameterLayout, { ema, parameters }: TrainingVectors, recipe: Recipe): Weights {
  return unflatten(layout, recipe.ema > 0 ? ema : parameters);
}

interface PreparedBatch {
  readonly micros: readonly MicroBatch[];
  readonly labels: readonly ArrayLike<number>[];
}

async function prepareBatch(
  { spec, recipe, examples }: TrainingRun,
  epoch: number,
  images: readonly number[],
): Promise<PreparedBatch> {
  const micros: MicroBatch[] = [];
  const labels: ArrayLike<number>[] = [];
  for (let first = 0; first < images.length; first += recipe.microBatch) {
    const samples = images.slice(first, first + recipe.microBatch);
    const read = await Promise.all(samples.map((index) => examples.read(spec, recipe, epoch, index)));
    micros.push({
      patches: joined(read.map(({ input }) => input)),
      targets: joined(read.map(({ targets }) => targets)),
      samples,
    });
    labels.push(...read.map((one) => one.labels));
  }
  return { micros, labels };
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.length * parts[0].length);
  for (const [i, part] of parts.entries()) all.set(part, i * part.length);
  return all;
}

/** Answers whose label has the highest logit, and it alone. */
function countCorrect(logits: Float32Array, labels: readonly ArrayLike<number>[]): number {
  const answers = labels[0].length;
  const classes = logits.length / (labels.length * answers);
  let correct = 0;
  for (const [image, own] of labels.entries()) {
    for (let answer = 0; answer < answers; answer++) {
      const label = own[answer];
      if (label < 0) continue;
      const first = (image * answers + answer) * classes;
      let best = true;
      for (let i = 0; best && i < classes; i++) {
        best = i === label || logits[first + i] < logits[first + label];
      }
      if (best) correct++;
    }
  }
  return correct;
}

/** Means since the last reading. */
class Meter {
  /** Of a step. */
  readonly #answers: number;
  readonly #batch: number;
  #untold: Progress['untold'];
  #steps = 0;
  #since = performance.now();
  /** End of the last step. */
  #latest = this.#since;

  /** @param answers to an image */
  constructor(batch: number, answers: number, untold: Progress['untold']) {
    this.#batch = batch;
    this.#answers = batch * answers;
    this.#untold = untold;
  }

  get untold(): Progress['untold'] {
    return this.#untold;
  }

  /** What was done since the last step is not training. */
  restart(): void {
    const now = performance.now();
    this.#since += now - this.#latest;
    this.#latest = now;
  }

  add(loss: number, correct: number): void {
    const before = this.#untold;
    this.#untold = {
      steps: before.steps + 1,
      losses: before.losses + loss,
      correct: before.correct + correct,
    };
    this.#steps++;
    this.#latest = performance.now();
  }

  /** Speed is that of this process alone. */
  read(): Pick<StepLine, 'loss' | 'top1' | 'imagesPerSecond'> {
    const { steps, losses, correct } = this.#untold;
    const now = performance.now();
    const reading = {
      loss: losses / steps,
      top1: (100 * correct) / (steps * this.#answers),
      imagesPerSecond: (1000 * this.#steps * this.#batch) / (now - this.#since),
    };
    this.#untold = beginning.untold;
    this.#steps = 0;
    this.#since = now;
    return reading;
  }
}
