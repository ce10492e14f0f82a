/** `vssm finetune`: a checkpoint under a pruning plan, with gradient through the kept tokens. */
import { finetuningRecipe } from '@vssm/train';
import { Command } from 'commander';
import { addModelOptions, loadModel, type ModelOptions } from '../options/model.ts';
import { addPlanOptions, type PlanOptions, planOf } from '../options/plan.ts';
import { addTrainingOptions, recipeOf, type TrainingOptions } from '../options/training.ts';
import { runTraining } from '../training.ts';

type Options = TrainingOptions & ModelOptions & PlanOptions;

export function finetuneCommand(): Command {
  const command = new Command('finetune').description('train a checkpoint further, pruned as it will be run');
  return addTrainingOptions(addPlanOptions(addModelOptions(command)), finetuningRecipe).action(run);
}

async function run(options: Options): Promise<void> {
  const { spec, weights } = await loadModel(options);
  const plan = planOf(options, spec.family);
  await runTraining(options, spec, plan, recipeOf(options, finetuningRecipe), weights);
}
