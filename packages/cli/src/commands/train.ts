/** `vssm train`: a dense Vim from fresh weights. */
import { UserError } from '@vssm/core';
import {
  checkSpec,
  densePlan,
  isModelName,
  namedModel,
  randomWeights,
  type VimSpec,
  vimSpec,
} from '@vssm/families';
import { trainingRecipe } from '@vssm/train';
import { Command } from 'commander';
import { whole } from '../options/numbers.ts';
import { addTrainingOptions, recipeOf, type TrainingOptions } from '../options/training.ts';
import { runTraining, trainable } from '../training.ts';

type Options = TrainingOptions & {
  readonly model?: string;
  readonly width: number;
  readonly depth: number;
  readonly stateSize: number;
  readonly patch: number;
};

export function trainCommand(): Command {
  const command = new Command('train').description('train a dense Vim from fresh weights');
  return addTrainingOptions(command, trainingRecipe)
    .option('--model <name>', 'a published size (for imagenet); else the four options below')
    .option('--width <d>', 'channels of the tokens, a multiple of 4', whole('--width', 4), 64)
    .option('--depth <blocks>', 'blocks', whole('--depth', 1), 8)
    .option('--state-size <n>', 'states per channel, a multiple of 4', whole('--state-size', 4), 8)
    .option('--patch <pixels>', 'side of a patch', whole('--patch', 1), 2)
    .action(run);
}

async function run(options: Options): Promise<void> {
  const recipe = recipeOf(options, trainingRecipe);
  const spec = specOf(options);
  await runTraining(options, spec, densePlan, recipe, randomWeights(spec, recipe.seed));
}

function specOf({ model, dataset, width, depth, stateSize, patch }: Options): VimSpec {
  if (model !== undefined) {
    if (!isModelName(model)) namedModel(model);
    return trainable(namedModel(model));
  }
  if (dataset !== 'fashion-mnist') {
    throw new UserError(`--dataset ${dataset} needs --model, for instance vim-tiny`);
  }
  const image = { imageHeight: 28, imageWidth: 28, inChannels: 1, classes: 10 };
  return checkSpec(vimSpec({ width, depth, stateSize, patchSize: patch, stride: patch, ...image }));
}
