/** `vssm finetune`: a checkpoint under a pruning plan, with gradient through the kept tokens. */
import { UserError } from '@vssm/core';
import { checkPlan, imageRecipeOf, trainableSpec } from '@vssm/families';
import { finetuningRecipe } from '@vssm/train';
import { Command } from 'commander';
import { withNewHead } from '../new-head.ts';
import { addModelOptions, loadModel, type ModelOptions } from '../options/model.ts';
import { addPlanOptions, type PlanOptions, planOf } from '../options/plan.ts';
import { addTrainingOptions, type TrainingOptions, trainingRecipeOf } from '../options/training.ts';
import { note } from '../output.ts';
import { runTraining } from '../training.ts';
import { classCount, openTrainingImages } from '../training-images.ts';

type Options = TrainingOptions & ModelOptions & PlanOptions & { readonly newHead?: boolean };

export function finetuneCommand(): Command {
  const command = new Command('finetune').description(
    'train a checkpoint further, pruned as it will be run, on its own classes or on others',
  );
  return addTrainingOptions(addPlanOptions(addModelOptions(command)), finetuningRecipe)
    .option('--new-head', 'a fresh classifier even where the number of classes is the same')
    .action(run);
}

async function run(options: Options): Promise<void> {
  const { spec, weights } = await loadModel(options);
  trainableSpec(spec);
  const plan = await planOf(options, spec.family);
  checkPlan(spec, plan);
  const recipe = trainingRecipeOf(options, finetuningRecipe);
  if (spec.imageHeight !== spec.imageWidth) {
    throw new UserError(
      `the model takes ${spec.imageHeight}x${spec.imageWidth}, recipes give squares; give --image-size`,
    );
  }
  const images = await openTrainingImages(options, imageRecipeOf(spec), spec.imageWidth);
  await runTraining(options, images, (training) => {
    const classes = classCount(options.numClasses, training);
    if (classes === spec.classes && options.newHead !== true) return { spec, plan, recipe, initial: weights };
    const { replaced, ...fresh } = withNewHead(spec, weights, classes, recipe.seed);
    note(`note: a new head for ${classes} classes: ${replaced.join(' and ')} of the checkpoint are replaced`);
    return { spec: fresh.spec, plan, recipe, initial: fresh.weights };
  });
}
