/** `vssm finetune`: a checkpoint under a pruning plan. */
import { finetuningRecipe } from '@vssm/train/recipe';
import { Command } from 'commander';
import { groups } from '../options/groups.ts';
import { addModelOptions } from '../options/model.ts';
import { addPlanOptions } from '../options/plan.ts';
import { addTrainingOptions, taskOption } from '../options/training.ts';
import type { FinetuneOptions } from './finetune.ts';

export function finetuneCommand(): Command {
  const command = new Command('finetune').description(
    'train a checkpoint further, pruned as it will be run, on its own classes or on others',
  );
  addModelOptions(command)
    .optionsGroup(groups.model)
    .addOption(taskOption())
    .option('--new-head', 'a fresh classifier even where the number of classes is the same');
  return addTrainingOptions(addPlanOptions(command), finetuningRecipe).action(
    async (options: FinetuneOptions) => {
      if (options.task === 'segment') {
        const { finetuneSegmenter } = await import('./train-segmenter.ts');
        await finetuneSegmenter(options);
        return;
      }
      const { finetune } = await import('./finetune.ts');
      await finetune(options);
    },
  );
}
