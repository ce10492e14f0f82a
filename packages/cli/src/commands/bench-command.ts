/** `vssm bench`: the main job. */
import { Command, Option } from 'commander';
import { addBackendOptions } from '../options/backend.ts';
import { groups } from '../options/groups.ts';
import { whole } from '../options/numbers.ts';
import { type OutputOptions, printResult } from '../output.ts';
import type { BenchOptions } from './bench.ts';

export function benchCommand(): Command {
  const command = new Command('bench')
    .description('run the benchmarks and write the report')
    .optionsGroup(groups.model)
    .addOption(
      repeatable(
        '--checkpoint <model=file>',
        'checkpoint of a published model, e.g. vim-small=vim_s.pth; repeatable',
      ),
    )
    .optionsGroup(groups.pruning)
    .addOption(
      repeatable(
        '--rule <file>',
        'a pruning rule of your own, as rows beside the built-in ones (docs/adding-a-pruning-rule.md); repeatable',
      ),
    )
    .optionsGroup(groups.data)
    .option('--only <ids>', 'benchmarks to run, joined by commas; default: all')
    .option('--full', 'every image instead of a fixed sample')
    .option(
      '--limit <n>',
      'only the first n images (partial, not comparable); default: the sample',
      whole('--limit', 1),
    )
    .option(
      '--shard <i/n>',
      'only share i of n of every evaluation, for vssm merge; writes no report; default: all',
    )
    .addOption(
      folder('--imagenet <folder>', 'ImageNet-1K validation: a folder or the archive', 'VSSM_IMAGENET'),
    )
    .addOption(
      folder(
        '--coco <folder>',
        'COCO 2017: the folder of val2017 (or val2017.zip) and annotations',
        'VSSM_COCO',
      ),
    )
    .addOption(folder('--ade20k <folder>', 'ADE20K: ADEChallengeData2016 or its .zip', 'VSSM_ADE20K'));
  return addBackendOptions(command)
    .option('--plan', 'say what would run and how long it would take; run nothing')
    .optionsGroup(groups.output)
    .option(
      '--out <folder>',
      'run folder; running again with the same one resumes; default: results, shards/i-of-n with --shard',
    )
    .option('--report <folder>', 'where the report goes', 'reports/latest')
    .option('--no-report', 'no report at the end')
    .option('--json', 'print one JSON document on stdout')
    .action(async (options: BenchOptions & OutputOptions) => {
      const { bench } = await import('./bench.ts');
      const { exitCode, text, ...result } = await bench(options);
      printResult(options, result, text);
      process.exitCode = exitCode;
    });
}

function repeatable(flags: string, what: string): Option {
  return new Option(flags, what).argParser(collect).default([], 'none');
}

function folder(flags: string, what: string, variable: string): Option {
  return new Option(flags, `${what}; default: not run`).env(variable);
}

function collect(value: string, previous: readonly string[]): string[] {
  return [...previous, value];
}
