/** `vssm eval`: accuracy on a data set. */
import { Command } from 'commander';
import { addBackendOptions } from '../options/backend.ts';
import { classOrderOption, datasetNames } from '../options/data.ts';
import { groups } from '../options/groups.ts';
import { addModelOptions } from '../options/model.ts';
import { whole } from '../options/numbers.ts';
import { addPlanOptions } from '../options/plan.ts';
import type { EvalOptions } from './eval.ts';

export function evalCommand(): Command {
  const command = new Command('eval').description('accuracy of a model, dense or pruned, on a data set');
  addPlanOptions(addModelOptions(command))
    .optionsGroup(groups.data)
    .option(
      '--data <folder>',
      'where the data lies; default: the embedded Fashion-MNIST, VSSM_IMAGENET for imagenet',
    )
    .option(
      '--dataset <name>',
      `${datasetNames.join(', ')} (or whatever is laid out like it); default: by what lies in --data`,
    )
    .addOption(classOrderOption())
    .option(
      '--limit <n>',
      'only the first n images (partial, not comparable); default: all',
      whole('--limit', 1),
    )
    .option('--sample <n>', 'a fixed, class-balanced sample of n images; default: all', whole('--sample', 1))
    .option('--shard <i/n>', 'only share i of n of the images, for vssm merge; needs --out; default: all');
  return addBackendOptions(command)
    .option('--batch <n>', 'images per run', whole('--batch', 1), 64)
    .optionsGroup(groups.output)
    .option(
      '--out <folder>',
      'keep the result and each image’s answer there, running again resumes; default: nothing is kept',
    )
    .option('--json', 'print one JSON document on stdout')
    .action(async (options: EvalOptions) => {
      const { evaluate } = await import('./eval.ts');
      await evaluate(options);
    });
}
