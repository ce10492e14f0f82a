/** Backends by name, probed, with what results say of them. */
import { type BackendName, backendNames } from '@vssm/backend';
import { oneOf, UserError } from '@vssm/core';
import { defaultPath, type OpenedPath, type PathOptions, runtimeOf } from './execution-paths.ts';
import { probeBackend } from './probe.ts';

/** `backend` is for accuracy, `latency` for timings at batch 1. */
export interface OpenedBackend extends OpenedPath {
  readonly name: BackendName;
  /** Execution form of the models it loads. */
  readonly form: string;
  /** The library underneath with its version, and which kernels run; empty where there are none. */
  readonly runtime: string;
  /** Name of the GPU that its models run on; null where it is the processor. */
  readonly accelerator: string | null;
}

/** @throws UserError with the reason and the fix when the backend cannot be used here */
export async function openBackend(text: string, options: PathOptions = {}): Promise<OpenedBackend> {
  const name = oneOf('--backend', text, backendNames);
  const path = defaultPath(name);
  const opened = await path.open(options);
  const probe = await probeBackend(path, opened.backend, options);
  if (!probe.available) {
    throw new UserError(`backend ${name} is not available: ${probe.reason}; ${probe.fix}`);
  }
  const { details, accelerator } = probe;
  return { name, form: path.form, runtime: runtimeOf(details), accelerator, ...opened };
}
