/** `vssm check-gpu`: what a GPU does with these models, in minutes. */
import { Command } from 'commander';
import { allCores } from '../options/backend.ts';
import { groups } from '../options/groups.ts';
import { whole } from '../options/numbers.ts';
import type { CheckGpuOptions } from './check-gpu.ts';

export function checkGpuCommand(): Command {
  return new Command('check-gpu')
    .description('hold every way to run on a GPU against the reference, and time it, in less than 8 minutes')
    .optionsGroup(groups.model)
    .option('--models <list>', 'published models to time, random weights', 'vim-small,plainmamba-l3')
    .optionsGroup(groups.running)
    .option('--backends <list>', 'some only, of webgpu, webgpu-node, cuda', 'webgpu,webgpu-node,cuda')
    .option('--browser <file>', 'Chromium, Chrome or Edge for webgpu; default: what is found here')
    .addOption(allCores('processor threads'))
    .option('--batch <sizes>', 'images in one run', '8,1,64')
    .option('--minutes <n>', 'minutes after which no new timing begins', whole('--minutes', 1), 7)
    .optionsGroup(groups.output)
    .option('--out <folder>', 'run folder; vssm report reads it', 'gpu-check')
    .option('--json', 'print one JSON document on stdout')
    .action(async (options: CheckGpuOptions) => {
      const { checkGpuHere } = await import('./check-gpu.ts');
      process.exitCode = await checkGpuHere(options);
    });
}
