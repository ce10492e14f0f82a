/** The work of `vssm finetune`: a checkpoint under a pruning plan, with gradient through the kept tokens. */
import { counted, UserError } from '@vssm/core';
import { checkPlan, imageRecipeOf, trainableSpec } from '@vssm/families';
import { finetuningRecipe } from '@vssm/train';
import { withNewHead } from '../new-head.ts';
import { loadModel, type ModelOptions } from '../options/model.ts';
import { type PlanOptions, planOf } from '../options/plan.ts';
import { type TrainingOptions, trainingRecipeOf } from '../options/training.ts';
import { note } from '../output.ts';
import { runTraining } from '../training.ts';
import { classCount, openTrainingImages } from '../training-images.ts';

export type FinetuneOptions = TrainingOptions & ModelOptions & PlanOptions & { readonly newHead?: boolean };

export async function finetune(options: FinetuneOptions): Promise<void> {
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
    note(
      `note: a new head for ${counted(classes, 'class', 'classes')}: ${replaced.join(' and ')} of the checkpoint are replaced`,
    );
    return { spec: fresh.spec, plan, recipe, initial: fresh.weights };
  });
}
