/** `vssm bench`: the main job. */
import { Command } from 'commander';
import { addBackendOptions } from '../options/backend.ts';
import { whole } from '../options/numbers.ts';
import { printResult } from '../output.ts';
import type { BenchOptions } from './bench.ts';

export function benchCommand(): Command {
  const command = new Command('bench').description('run the benchmarks and write the report');
  return addBackendOptions(command)
    .option(
      '--out <folder>',
      'run folder; running again with the same one resumes (default: results, shards/i-of-n with --shard)',
    )
    .option('--report <folder>', 'where the report goes', 'reports/latest')
    .option('--no-report', 'no report at the end')
    .option('--only <ids>', 'benchmarks to run, joined by commas; default: all')
    .option('--full', 'every image instead of a fixed sample')
    .option('--limit <n>', 'only the first n images (partial, not comparable)', whole('--limit', 1))
    .option('--shard <i/n>', 'only share i of n of every evaluation, for vssm merge; writes no report')
    .option(
      '--rule <file>',
      'a pruning rule of your own, as rows beside the built-in ones (docs/adding-a-pruning-rule.md); repeatable',
      collect,
      [],
    )
    .option('--plan', 'say what would run and how long it would take; run nothing')
    .option(
      '--imagenet <folder>',
      'ImageNet-1K validation: a folder or the original archive',
      process.env.VSSM_IMAGENET,
    )
    .option(
      '--coco <folder>',
      'COCO 2017: the folder of val2017 (or val2017.zip) and annotations',
      process.env.VSSM_COCO,
    )
    .option('--ade20k <folder>', 'ADE20K: ADEChallengeData2016 or its .zip', process.env.VSSM_ADE20K)
    .option(
      '--checkpoint <model=file>',
      'checkpoint of a published model, e.g. vim-small=vim_s.pth; repeatable',
      collect,
      [],
    )
    .option('--json', 'print one JSON document on stdout')
    .action(async (options: BenchOptions) => {
      const { bench } = await import('./bench.ts');
      const { exitCode, ...result } = await bench(options);
      if (options.json === true) printResult(options, result, '');
      process.exitCode = exitCode;
    });
}

function collect(value: string, previous: readonly string[]): string[] {
  return [...previous, value];
}
