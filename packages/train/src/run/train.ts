/**
 * A training run: images in a seeded order through the pool, AdamW, a state now and then, a log, and the finished
 * model. The same call with the same folder goes on where the last one stopped, and ends at the same bits.
 */
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { writeSafetensors } from '@vssm/checkpoints';
import { counted, type PruningPlan, UserError, type Weights } from '@vssm/core';
import type { ImageDataset, Normalisation } from '@vssm/datasets';
import type { TrainableSpec } from '@vssm/families';
import { chosenImages, epochOrder, trainingPatches } from '../data/training-images.ts';
import type { MicroBatch } from '../engine/engine.ts';
import { flatten, type ParameterLayout, parameterLayout, unflatten } from '../engine/layout.ts';
import { adamW, clip, freshVectors, type TrainingVectors } from '../recipe/optimiser.ts';
import { checkRecipe, learningRateAt, type Recipe } from '../recipe/recipe.ts';
import { smoothedTarget } from '../reference/layers.ts';
import { type Evaluation, type LogLine, type StepLine, TrainingLog } from './log.ts';
import { GradientPool } from './pool.ts';
import { beginning, loadState, type Progress, type RunIdentity, saveState } from './state.ts';

export interface TrainingRun {
  readonly spec: TrainableSpec;
  readonly plan: PruningPlan;
  readonly recipe: Recipe;
  readonly initial: Weights;
  readonly dataset: ImageDataset;
  readonly normalisation: Normalisation;
  readonly threads: number;
  /** Folder of the state, the log and the model. */
  readonly out: string;
  /** Steps between two saved states, and between two lines of the log. */
  readonly saveEvery: number;
  readonly logEvery: number;
  /** For the log's first line: what does not decide the result. */
  readonly circumstances: Readonly<Record<string, unknown>>;
  /** Accuracy of the result so far, after every epoch. */
  readonly evaluate?: (weights: Weights) => Promise<Evaluation>;
  /** Every line of the log as it is written. */
  readonly tell?: (line: LogLine, stepsInAll: number) => void;
  /** Asked after every step; true saves the state and stops. */
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
 * @throws UserError for images fewer than a batch, a folder of another run, a loss that is not finite
 */
export async function train(run: TrainingRun): Promise<TrainingOutcome> {
  const { spec, plan, recipe, out } = run;
  checkRecipe(recipe);
  mkdirSync(out, { recursive: true });
  const chosen = chosenImages(run.dataset, recipe.images);
  const stepsPerEpoch = Math.floor(chosen.length / recipe.batch);
  if (stepsPerEpoch === 0) {
    throw new UserError(
      `${counted(chosen.length, 'image')}: less than one batch of ${recipe.batch}; take a smaller one`,
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

  const engine = { spec, plan, batch: recipe.microBatch, lossScale: 1 / recipe.batch };
  const pool = await GradientPool.start(engine, parameters, recipe.batch / recipe.microBatch, run.threads);
  const meter = new Meter(recipe.batch, progress.untold);
  let test: Evaluation | null = null;
  try {
    let order: number[] = [];
    let orderOf = -1;
    const prepare = async (step: number): Promise<PreparedBatch> => {
      const epoch = Math.floor(step / stepsPerEpoch);
      if (epoch !== orderOf) order = epochOrder(chosen, recipe.seed, epoch);
      orderOf = epoch;
      const first = (step % stepsPerEpoch) * recipe.batch;
      return prepareBatch(run, epoch, order.slice(first, first + recipe.batch));
    };
    let upcoming = begin < steps ? await prepare(begin) : undefined;
    for (let step = begin; step < steps; step++) {
      const { micros, labels } = upcoming!;
      // The next images are read while the workers compute.
      const [{ loss, logits, gradient }, next] = await Promise.all([
        pool.run(micros),
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
      if (endOfEpoch) {
        test = (await run.evaluate?.(resultOf(layout, vectors, recipe))) ?? null;
        write({ kind: 'epoch', step: done, epoch: done / stepsPerEpoch, test });
      }
      if (stop || endOfEpoch || done % run.saveEvery === 0) {
        await saveState(statePath, identity, { step: done, untold: meter.untold }, vectors);
      }
      if (stop) return { state: 'stopped', step: done, steps };
    }
  } finally {
    await pool.stop();
    log.close();
  }
  const result = resultOf(layout, vectors, recipe);
  if (begin === steps) test = (await run.evaluate?.(result)) ?? null;
  const model = join(out, runFiles.model);
  await writeSafetensors(model, result, {
    // Several families have tensors of the same names and shapes.
    family: run.spec.family,
    run: JSON.stringify(identity),
    classes: JSON.stringify(run.dataset.classes),
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
  dataset,
  initial: weights,
}: Pick<TrainingRun, 'spec' | 'plan' | 'recipe' | 'dataset' | 'initial'>): RunIdentity {
  const parameters = flatten(parameterLayout(spec), weights);
  const initial = createHash('sha256').update(new Uint8Array(parameters.buffer)).digest('hex');
  const { name, split, checksum } = dataset;
  return { spec, plan, recipe, dataset: { name, split, checksum }, initial };
}

/** The moving average if there is one, else the weights. */
function resultOf(layout: ParameterLayout, { ema, parameters }: TrainingVectors, recipe: Recipe): Weights {
  return unflatten(layout, recipe.ema > 0 ? ema : parameters);
}

interface PreparedBatch {
  readonly micros: readonly MicroBatch[];
  readonly labels: readonly number[];
}

async function prepareBatch(
  { spec, recipe, dataset, normalisation }: TrainingRun,
  epoch: number,
  images: readonly number[],
): Promise<PreparedBatch> {
  const micros: MicroBatch[] = [];
  for (let first = 0; first < images.length; first += recipe.microBatch) {
    const samples = images.slice(first, first + recipe.microBatch);
    const patches = await Promise.all(
      samples.map((index) => trainingPatches(spec, dataset, normalisation, recipe, epoch, index)),
    );
    const targets = samples.map((index) =>
      smoothedTarget(dataset.samples[index].label, spec.classes, recipe.labelSmoothing),
    );
    micros.push({ patches: joined(patches), targets: joined(targets), samples });
  }
  return { micros, labels: images.map((index) => dataset.samples[index].label) };
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.length * parts[0].length);
  for (const [i, part] of parts.entries()) all.set(part, i * part.length);
  return all;
}

function countCorrect(logits: Float32Array, labels: readonly number[]): number {
  const classes = logits.length / labels.length;
  return labels.filter((label, image) => {
    const own = logits.subarray(image * classes, (image + 1) * classes);
    return own.every((value, i) => i === label || value < own[label]);
  }).length;
}

/** Means since the last reading. */
class Meter {
  readonly #batch: number;
  #untold: Progress['untold'];
  #steps = 0;
  #since = performance.now();

  constructor(batch: number, untold: Progress['untold']) {
    this.#batch = batch;
    this.#untold = untold;
  }

  get untold(): Progress['untold'] {
    return this.#untold;
  }

  add(loss: number, correct: number): void {
    const before = this.#untold;
    this.#untold = {
      steps: before.steps + 1,
      losses: before.losses + loss,
      correct: before.correct + correct,
    };
    this.#steps++;
  }

  /** Speed is that of this process alone. */
  read(): Pick<StepLine, 'loss' | 'top1' | 'imagesPerSecond'> {
    const { steps, losses, correct } = this.#untold;
    const now = performance.now();
    const reading = {
      loss: losses / steps,
      top1: (100 * correct) / (steps * this.#batch),
      imagesPerSecond: (1000 * this.#steps * this.#batch) / (now - this.#since),
    };
    this.#untold = beginning.untold;
    this.#steps = 0;
    this.#since = now;
    return reading;
  }
}
