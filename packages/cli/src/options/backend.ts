/** `--backend` and `--threads`. */
import { availableParallelism } from 'node:os';
import { backendNames } from '@vssm/backend';
import type { Command } from 'commander';
import { whole } from './numbers.ts';

export interface BackendOptions {
  readonly backend: string;
  readonly threads: number;
}

export function addBackendOptions(command: Command): Command {
  return command
    .option('--backend <name>', backendNames.join(', '), 'cpu')
    .option(
      '--threads <n>',
      'processor threads; default: all cores',
      whole('--threads', 1),
      availableParallelism(),
    );
}
