/** Backends by name, probed, with what results say of them. */
import { type Backend, type BackendName, backendNames, referenceBackend } from '@vssm/backend';
import { cpuBackend } from '@vssm/backend-cpu';
import { oneOf, UserError } from '@vssm/core';

export interface OpenedBackend {
  readonly name: BackendName;
  /** Execution form of the models it loads. */
  readonly form: string;
  /** The library underneath with its version; empty where there is none. */
  readonly runtime: string;
  /** As many images per second as it can: for accuracy. */
  readonly backend: Backend;
  /** One image as soon as it can: for timings at batch 1. */
  readonly latency: Backend;
}

/** @throws UserError with the reason and the fix when the backend cannot be used here */
export async function openBackend(text: string): Promise<OpenedBackend> {
  const name = oneOf('--backend', text, backendNames);
  const opened = modes(name);
  const probe = await opened.backend.probe();
  if (!probe.available) {
    throw new UserError(`backend ${name} is not available: ${probe.reason}; ${probe.fix}`);
  }
  return { name, runtime: probe.details.runtime ?? '', ...opened };
}

function modes(name: BackendName): Pick<OpenedBackend, 'form' | 'backend' | 'latency'> {
  switch (name) {
    case 'cpu':
      return {
        form: 'segments',
        backend: cpuBackend({ form: 'segments', mode: 'throughput' }),
        latency: cpuBackend({ form: 'segments', mode: 'latency' }),
      };
    case 'reference':
      return { form: 'reference', backend: referenceBackend, latency: referenceBackend };
    default:
      throw name satisfies never;
  }
}
