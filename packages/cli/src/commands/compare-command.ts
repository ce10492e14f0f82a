/** `vssm compare`: every backend against the reference and the clock. */
import { Command } from 'commander';
import { threadsOption } from '../options/backend.ts';
import { groups } from '../options/groups.ts';
import { addModelOptions } from '../options/model.ts';
import { whole } from '../options/numbers.ts';
import { addRuleOptions } from '../options/plan.ts';
import { printResult } from '../output.ts';
import type { CompareOptions } from './compare.ts';

export function compareCommand(): Command {
  const command = new Command('compare').description(
    'hold every backend against the float64 reference, and time them side by side',
  );
  addRuleOptions(addModelOptions(command)).option(
    '--prune <schedules...>',
    'pruned plans beside the dense one, e.g. "5,10,15@0.8"; default: one, at a quarter, half and three quarters of the depth',
  );
  command
    .optionsGroup(groups.data)
    .option(
      '--data <folder>',
      'images to compare on; default: the embedded Fashion-MNIST where the model takes it, else noise',
    )
    .option(
      '--images <n>',
      'images that the reference answers; default: what it manages in about 20 s, at most 100',
      whole('--images', 1),
    )
    .option(
      '--agreement <n>',
      'images on which backends are compared with the first of them',
      whole('--agreement', 0),
      2000,
    );
  return threadsOption(command)
    .option(
      '--backends <list>',
      'some only, e.g. cpu,wasm or cpu/segments; default: every form of every backend',
    )
    .option('--browser <file>', 'Chromium, Chrome or Edge for webgpu and wasm; default: what is found here')
    .option(
      '--seconds <n>',
      'time that a backend has for the answers of one plan, twice',
      whole('--seconds', 1),
      5,
    )
    .option('--batch <sizes>', 'batch sizes to time, images; default: 1,8,32, for large models 1,4')
    .optionsGroup(groups.output)
    .option('--out <folder>', 'run folder', 'results')
    .option('--report <folder>', 'where the report goes', 'reports/latest')
    .option('--no-report', 'no report at the end')
    .option('--json', 'print one JSON document on stdout')
    .action(async (options: CompareOptions) => {
      const { compare } = await import('./compare.ts');
      const { exitCode, text, ...result } = await compare(options);
      printResult(options, result, text);
      process.exitCode = exitCode;
    });
}
