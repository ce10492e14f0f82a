/** `vssm experiment`: the claim in miniature. */
import { Command } from 'commander';
import { allCores } from '../options/backend.ts';
import { groups } from '../options/groups.ts';
import type { ExperimentOptions } from './experiment.ts';

export function experimentCommand(): Command {
  return new Command('experiment')
    .description(
      'the claim, reproduced in miniature: train a dense Vim on Fashion-MNIST, then fine-tune it in every way',
    )
    .optionsGroup(groups.data)
    .requiredOption('--data <folder>', 'the idx files of Fashion-MNIST’s training split')
    .optionsGroup(groups.running)
    .addOption(allCores('processor threads; they do not change the result'))
    .option('--plan', 'say what would be run, and run nothing')
    .optionsGroup(groups.output)
    .requiredOption('--out <folder>', 'a folder for every part; running again resumes')
    .option('--json', 'print one JSON document on stdout')
    .action(async (options: ExperimentOptions) => {
      const { runTheExperiment } = await import('./experiment.ts');
      await runTheExperiment(options);
    });
}
