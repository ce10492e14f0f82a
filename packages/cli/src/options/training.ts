/** The options that `vssm train` and `vssm finetune` share: data, folder, recipe. */
import { oneOf, UserError } from '@vssm/core';
import type { Recipe } from '@vssm/train';
import { segmentationSteps } from '@vssm/train/recipe';
import { type Command, Option } from 'commander';
import type { DataOptions } from '../training-images.ts';
import { allCores } from './backend.ts';
import { classOrderOption, datasetNames } from './data.ts';
import { groups } from './groups.ts';
import { whole } from './numbers.ts';

/** Recipe values as options, `undefined` where not given. */
export interface RecipeOptions {
  readonly epochs?: number;
  readonly batch?: number;
  readonly microBatch?: number;
  readonly images?: number;
  readonly lr?: number;
  readonly minLr?: number;
  readonly warmupLr?: number;
  readonly warmupEpochs?: number;
  readonly weightDecay?: number;
  readonly clip?: number;
  readonly ema?: number;
  readonly labelSmoothing?: number;
  readonly flip?: boolean;
  readonly shift?: number;
  readonly runSeed?: number;
}

/** What a model can be trained for. */
const tasks = ['classify', 'segment'] as const;

export interface TrainingOptions extends RecipeOptions, DataOptions {
  /** Default: classify. */
  readonly task?: (typeof tasks)[number];
  readonly numClasses?: number;
  readonly testImages: number;
  readonly heldOut?: boolean;
  readonly out: string;
  readonly threads: number;
  readonly saveEvery: number;
  readonly logEvery: number;
  readonly json?: boolean;
}

/** What a training's model answers. */
export function taskOption(): Option {
  return new Option(
    '--task <name>',
    'what the model answers: classify pictures, or segment (an UperNet on scenes in ADE20K’s layout; then --batch is ' +
      `${segmentationSteps.batch} and --micro-batch ${segmentationSteps.microBatch}); default: classify`,
  ).argParser((name) => oneOf('--task', name, tasks));
}

/** @param recipe whose values are the defaults */
export function addTrainingOptions(command: Command, recipe: Recipe): Command {
  const number = (flags: string, what: string, value: number) =>
    new Option(flags, `${what} (default: ${value})`).argParser(decimal(flags.split(' ')[0]));
  const count = (flags: string, what: string, value: number, least = 0) =>
    new Option(flags, `${what} (default: ${value})`).argParser(whole(flags.split(' ')[0], least));
  return command
    .optionsGroup(groups.data)
    .requiredOption(
      '--data <folder>',
      'training images: class folders (cat/*.jpg, dog/*.jpg, in it or in its train/), ImageNet, or the idx files of Fashion-MNIST',
    )
    .option('--dataset <name>', `${datasetNames.join(', ')}; default: by what lies in --data`)
    .option(
      '--test <folder>',
      'images to evaluate on after every epoch; default: val/ beside train/, Fashion-MNIST’s embedded ones',
    )
    .option('--test-images <n>', 'only the first n of them; 0: all', whole('--test-images'), 0)
    .option(
      '--held-out',
      'evaluate on the training images that --images leaves out instead: what to choose a recipe by',
    )
    .option(
      '--num-classes <n>',
      'classes the model tells apart; default: those of the training images',
      whole('--num-classes', 1),
    )
    .addOption(classOrderOption())
    .optionsGroup(groups.recipe)
    .addOption(
      count(
        '--epochs <n>',
        'passes over the images; more than a finished run had prolong it',
        recipe.epochs,
        1,
      ),
    )
    .addOption(count('--batch <n>', 'images of a step', recipe.batch, 1))
    .addOption(count('--micro-batch <n>', 'images that a thread works on at once', recipe.microBatch, 1))
    .addOption(count('--images <n>', 'a fixed, class-balanced part of the images; 0: all', recipe.images))
    .addOption(
      number(
        '--lr <x>',
        'learning rate after the warm-up, 0.001 where a segmenter begins',
        recipe.learningRate,
      ),
    )
    .addOption(number('--min-lr <x>', 'learning rate at the end', recipe.minLearningRate))
    .addOption(number('--warmup-lr <x>', 'learning rate of the first step', recipe.warmupLearningRate))
    .addOption(number('--warmup-epochs <x>', 'length of the warm-up, epochs', recipe.warmupEpochs))
    .addOption(number('--weight-decay <x>', 'decoupled, of matrices only', recipe.weightDecay))
    .addOption(number('--clip <x>', 'largest norm of the gradient; 0: any', recipe.clipNorm))
    .addOption(number('--ema <x>', 'moving average of the weights, share kept a step; 0: none', recipe.ema))
    .addOption(
      number('--label-smoothing <x>', 'probability spread over all classes, 0 to 1', recipe.labelSmoothing),
    )
    .option('--no-flip', 'do not mirror images')
    .addOption(count('--shift <pixels>', 'move images by up to so many pixels', recipe.shift))
    .addOption(count('--run-seed <n>', 'seed of fresh weights, order and augmentation', recipe.seed))
    .optionsGroup(groups.running)
    .addOption(allCores('processor threads; they do not change the result'))
    .optionsGroup(groups.output)
    .requiredOption('--out <folder>', 'state, log and model of this run; running again resumes')
    .option('--save-every <n>', 'steps between two saved states', whole('--save-every', 1), 200)
    .option('--log-every <n>', 'steps between two lines of the log', whole('--log-every', 1), 20)
    .option('--json', 'print one JSON document on stdout');
}

export function trainingRecipeOf(options: RecipeOptions, base: Recipe): Recipe {
  return {
    ...base,
    epochs: options.epochs ?? base.epochs,
    batch: options.batch ?? base.batch,
    microBatch: options.microBatch ?? base.microBatch,
    images: options.images ?? base.images,
    learningRate: options.lr ?? base.learningRate,
    minLearningRate: options.minLr ?? base.minLearningRate,
    warmupLearningRate: options.warmupLr ?? base.warmupLearningRate,
    warmupEpochs: options.warmupEpochs ?? base.warmupEpochs,
    weightDecay: options.weightDecay ?? base.weightDecay,
    clipNorm: options.clip ?? base.clipNorm,
    ema: options.ema ?? base.ema,
    labelSmoothing: options.labelSmoothing ?? base.labelSmoothing,
    flip: options.flip ?? base.flip,
    shift: options.shift ?? base.shift,
    seed: options.runSeed ?? base.seed,
  };
}

/** A number of at least 0, also as 5e-6. */
function decimal(option: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isFinite(value) || value < 0) {
      throw new UserError(`${option} "${text}": must be a number, 0 or more, for instance 5e-6`);
    }
    return value;
  };
}
