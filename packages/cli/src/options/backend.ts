/** `--backend`, `--browser` and `--threads`. */
import { availableParallelism } from 'node:os';
import { backendNames } from '@vssm/backend';
import type { Command } from 'commander';
import { threadCount } from './threads.ts';

export interface BackendOptions {
  readonly backend: string;
  readonly browser?: string;
  readonly threads: number;
}

export function addBackendOptions(command: Command): Command {
  return threadsOption(
    command
      .option('--backend <name>', backendNames.join(', '), 'cpu')
      .option(
        '--browser <file>',
        'Chromium, Chrome or Edge for webgpu and wasm; default: what is found here',
      ),
  );
}

export function threadsOption(command: Command): Command {
  return command.option(
    '--threads <n>',
    'processor threads; default: all cores',
    threadCount,
    availableParallelism(),
  );
}
