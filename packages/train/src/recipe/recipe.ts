/** How a model is trained, as data: everything that decides where the weights end, beside model, plan and images. */
import { UserError } from '@vssm/core';

export interface Recipe {
  readonly epochs: number;
  /** Images of one step of the optimiser; a last, smaller batch of an epoch is left out. */
  readonly batch: number;
  /** Images that one thread works on at once; divides `batch`. Its size, unlike the threads, changes roundings. */
  readonly microBatch: number;
  /** Of the training images, the same in every epoch; 0: all. A fixed, class-balanced choice. */
  readonly images: number;
  /** At the end of the warm-up. */
  readonly learningRate: number;
  readonly minLearningRate: number;
  /** At the first step. */
  readonly warmupLearningRate: number;
  readonly warmupEpochs: number;
  /** Decoupled; not of vectors, A_log, and the embeddings. */
  readonly weightDecay: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Largest Euclidean norm of the gradient; larger ones are scaled down to it. 0: any. */
  readonly clipNorm: number;
  /** Of the exponential moving average of the weights, per step. 0: none, the weights themselves are the result. */
  readonly ema: number;
  readonly labelSmoothing: number;
  /** Mirror a picture left to right, half of the time. */
  readonly flip: boolean;
  /** Move a picture by up to so many pixels in each direction; black comes in. */
  readonly shift: number;
  /** Of the order of images, their augmentation, and fresh weights. */
  readonly seed: number;
}

/** From scratch, on small pictures. */
export const trainingRecipe: Recipe = {
  epochs: 10,
  batch: 64,
  microBatch: 16,
  images: 0,
  learningRate: 2e-3,
  minLearningRate: 1e-5,
  warmupLearningRate: 1e-5,
  warmupEpochs: 0.5,
  weightDecay: 0.05,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  clipNorm: 1,
  ema: 0.999,
  labelSmoothing: 0.05,
  flip: true,
  shift: 2,
  seed: 0,
};

/** From a dense model, the paper's authors' way (their logs, see docs/training.md), in one epoch. */
export const finetuningRecipe: Recipe = {
  ...trainingRecipe,
  epochs: 1,
  images: 10_000,
  learningRate: 2e-4,
  minLearningRate: 1e-6,
  warmupLearningRate: 1e-6,
  warmupEpochs: 0.1,
  weightDecay: 1e-8,
  ema: 0,
  labelSmoothing: 0,
};

/** What a segmenter's recipes have apart: an answer for every pixel makes a step of few pictures. */
export const segmentationSteps = { batch: 16, microBatch: 8, labelSmoothing: 0 } as const;

/** @throws UserError that names the first value that makes no sense */
export function checkRecipe(recipe: Recipe): Recipe {
  const require = (what: string, value: number, sense: boolean, expected: string) => {
    if (!sense) throw new UserError(`${what} ${value}: must be ${expected}`);
  };
  const whole = (what: string, value: number, least: number) =>
    require(what, value, Number.isSafeInteger(value) && value >= least, `a whole number, ${least} or more`);
  const atLeast = (what: string, value: number, least: number) =>
    require(what, value, value >= least && Number.isFinite(value), `${least} or more`);
  const fraction = (what: string, value: number) =>
    require(what, value, value >= 0 && value < 1, 'from 0 to less than 1');
  whole('epochs', recipe.epochs, 1);
  whole('batch', recipe.batch, 1);
  whole('micro-batch', recipe.microBatch, 1);
  require('micro-batch', recipe.microBatch, recipe.batch % recipe.microBatch ===
    0, `a divisor of the batch, ${recipe.batch} (--micro-batch, --batch)`);
  whole('images', recipe.images, 0);
  whole('shift', recipe.shift, 0);
  whole('seed', recipe.seed, 0);
  atLeast('learning rate', recipe.learningRate, 0);
  atLeast('least learning rate', recipe.minLearningRate, 0);
  atLeast('learning rate of the warm-up', recipe.warmupLearningRate, 0);
  atLeast('epochs of warm-up', recipe.warmupEpochs, 0);
  atLeast('weight decay', recipe.weightDecay, 0);
  atLeast('largest gradient norm', recipe.clipNorm, 0);
  require('epsilon', recipe.epsilon, recipe.epsilon > 0, 'more than 0');
  fraction('beta1', recipe.beta1);
  fraction('beta2', recipe.beta2);
  fraction('moving average', recipe.ema);
  fraction('label smoothing', recipe.labelSmoothing);
  return recipe;
}

/**
 * Learning rate of a step, 0-based: a straight line up during the warm-up, then half a cosine down to the least rate,
 * which is reached by the step after the last. The length is that of the whole run: a finished run that is prolonged goes
 * on at the rate that a run of the new length has at that step, which is higher than the one it had ended with.
 */
export function learningRateAt(recipe: Recipe, stepsPerEpoch: number, step: number): number {
  const { learningRate, minLearningRate, warmupLearningRate, warmupEpochs, epochs } = recipe;
  const warmup = Math.round(warmupEpochs * stepsPerEpoch);
  if (step < warmup) return warmupLearningRate + ((learningRate - warmupLearningRate) * step) / warmup;
  const progress = (step - warmup) / Math.max(1, epochs * stepsPerEpoch - warmup);
  return minLearningRate + ((learningRate - minLearningRate) * (1 + Math.cos(Math.PI * progress))) / 2;
}
