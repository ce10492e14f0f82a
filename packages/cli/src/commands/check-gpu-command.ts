/** `vssm check-gpu`: what a GPU does with these models, in minutes. */
import { availableParallelism } from 'node:os';
import { Command } from 'commander';
import { whole } from '../options/numbers.ts';
import type { CheckGpuOptions } from './check-gpu.ts';

export function checkGpuCommand(): Command {
  return new Command('check-gpu')
    .description('hold every way to run on a GPU against the reference, and time it, in less than 8 minutes')
    .option('--out <folder>', 'run folder; vssm report reads it', 'gpu-check')
    .option('--backends <list>', 'some only, of webgpu, webgpu-node, cuda', 'webgpu,webgpu-node,cuda')
    .option('--models <list>', 'published models to time, random weights', 'vim-small,plainmamba-l3')
    .option('--batch <sizes>', 'images in one run', '8,1,64')
    .option('--minutes <n>', 'no new timing begins after so many', whole('--minutes', 1), 7)
    .option('--browser <file>', 'Chromium, Chrome or Edge for webgpu; default: what is found here')
    .option('--threads <n>', 'processor threads', whole('--threads', 1), availableParallelism())
    .option('--json', 'print one JSON document on stdout')
    .action(async (options: CheckGpuOptions) => {
      const { checkGpuHere } = await import('./check-gpu.ts');
      process.exitCode = await checkGpuHere(options);
    });
}
