/** `--backend`, `--browser` and `--threads`. */
import { availableParallelism } from 'node:os';
import { backendNames } from '@vssm/backend';
import { counted } from '@vssm/core';
import { type Command, Option } from 'commander';
import { groups } from './groups.ts';
import { threadCount } from './threads.ts';

export interface BackendOptions {
  readonly backend: string;
  readonly browser?: string;
  readonly threads: number;
}

export function addBackendOptions(command: Command): Command {
  return threadsOption(
    command
      .optionsGroup(groups.running)
      .option('--backend <name>', backendNames.join(', '), 'cpu')
      .option(
        '--browser <file>',
        'Chromium, Chrome or Edge for webgpu and wasm; default: what is found here',
      ),
  );
}

export function threadsOption(command: Command): Command {
  return command.optionsGroup(groups.running).addOption(allCores('processor threads'));
}

/** As many as there are cores, unless told otherwise. */
export function allCores(what: string): Option {
  const cores = availableParallelism();
  return new Option('--threads <n>', what)
    .argParser(threadCount)
    .default(cores, `all ${counted(cores, 'core')}`);
}
