/** `--backend`: a name to a probed backend. */
import { availableParallelism } from 'node:os';
import { type Backend, type BackendName, backendNames, referenceBackend } from '@vssm/backend';
import { cpuBackend } from '@vssm/backend-cpu';
import { oneOf, UserError } from '@vssm/core';
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

export function backendNamed(name: BackendName): Backend {
  switch (name) {
    case 'cpu':
      return cpuBackend();
    case 'reference':
      return referenceBackend;
    default:
      throw name satisfies never;
  }
}

/** Throws a UserError with the reason and the fix when the backend cannot be used here. */
export async function openBackend(options: BackendOptions): Promise<Backend> {
  const backend = backendNamed(oneOf('--backend', options.backend, backendNames));
  const probe = await backend.probe();
  if (!probe.available) {
    throw new UserError(`backend ${backend.name} is not available: ${probe.reason}; ${probe.fix}`);
  }
  return backend;
}
