/** `vssm experiment`: trainings and fine-tunings that answer one question, in miniature. */
import { oneOf } from '@vssm/core';
import { Command, Option } from 'commander';
import { allCores } from '../options/backend.ts';
import { type ExperimentOptions, experimentNames } from '../options/experiment.ts';
import { groups } from '../options/groups.ts';

export function experimentCommand(): Command {
  return new Command('experiment')
    .description(
      'the claim, tried in miniature: train a dense Vim on Fashion-MNIST, then fine-tune it in every way; the paper’s reductions on both of its families; a segmenter on scenes; or what the class token’s place does to pruning',
    )
    .optionsGroup(groups.running)
    .addOption(
      new Option(
        '--name <experiment>',
        `${experimentNames.join(', ')}; default: ${experimentNames[0]}`,
      ).argParser((name) => oneOf('--name', name, experimentNames)),
    )
    .option('--part <id>', 'of an experiment with several models, the only one to run; default: all')
    .optionsGroup(groups.data)
    .requiredOption('--data <folder>', 'the idx files of Fashion-MNIST’s training split')
    .optionsGroup(groups.running)
    .addOption(allCores('processor threads; they do not change the result'))
    .option(
      '--from <folder>',
      'begin with what is finished in a folder of records and logs, as benchmarks/headline/measured; default: none, from nothing',
    )
    .option('--plan', 'say what would be run, and run nothing')
    .option('--so-far', 'train nothing; the record of what earlier calls have finished')
    .optionsGroup(groups.output)
    .requiredOption('--out <folder>', 'a folder for every part; running again resumes')
    .option('--json', 'print one JSON document on stdout')
    .action(async (options: ExperimentOptions) => {
      const { runTheExperiment } = await import('./experiment.ts');
      await runTheExperiment(options);
    });
}
