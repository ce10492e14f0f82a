/** Execution paths that take part in a comparison: chosen by name, probed, and loaded with one plan. */
import { type Backend, backendNames, type LoadedModel } from '@vssm/backend';
import { type PruningPlan, UserError, type Weights } from '@vssm/core';
import type { ModelSpec } from '@vssm/families';
import { type ExecutionPath, executionPaths, type PathOptions } from '../execution-paths.ts';
import { probeBackend } from '../probe.ts';

export interface Unavailable {
  readonly state: 'unavailable';
  readonly reason: string;
  readonly fix: string;
}

export interface Available {
  readonly state: 'available';
  readonly backend: Backend;
  readonly latency: Backend;
  readonly details: Readonly<Record<string, string>>;
  readonly accelerator: string | null;
}

export interface Competitor {
  readonly path: ExecutionPath;
  readonly probed: Available | Unavailable;
  /** Why it is not timed; null where it is. */
  readonly untimed: string | null;
}

/** All that can be held against the reference. */
const comparable = executionPaths.filter(({ name }) => name !== 'reference');

/**
 * `cpu,wasm`: every form of these backends; `cpu/segments`: that one alone.
 *
 * @param text undefined: every form of every backend
 * @throws UserError for a name that is none
 */
export function choosePaths(text: string | undefined): readonly ExecutionPath[] {
  if (text === undefined) return comparable;
  const wanted = text.split(',').map((part) => part.trim());
  for (const part of wanted) {
    if (comparable.some((path) => part === path.name || part === nameOf(path))) continue;
    const names = backendNames.filter((name) => name !== 'reference').join(', ');
    const [backend] = part.split('/');
    const own = comparable.filter(({ name }) => name === backend);
    const forms = (own.length > 0 ? own : comparable.filter(({ name }) => name === 'cpu')).map(nameOf);
    throw new UserError(
      `--backends "${part}": expected ${names}, or one form as in ${forms.join(', ')}; the reference is always there`,
    );
  }
  return comparable.filter((path) => wanted.includes(path.name) || wanted.includes(nameOf(path)));
}

/** `cpu/segments`: what messages, options and rows call a path. */
export function nameOf({ name, form }: { readonly name: string; readonly form: string }): string {
  return `${name}/${form}`;
}

const software = /swiftshader|llvmpipe|lavapipe|softpipe|basic render|in software/i;

/** @param asked true: the user named it, so it is timed even where that says little */
export async function probePath(
  path: ExecutionPath,
  options: PathOptions,
  asked: boolean,
): Promise<Competitor> {
  try {
    const { backend, latency } = await path.open(options);
    const probe = await probeBackend(path, backend, options);
    if (!probe.available) {
      const { reason, fix } = probe;
      return { path, probed: { state: 'unavailable', reason, fix }, untimed: null };
    }
    const { details, accelerator } = probe;
    const adapter = Object.values(details).find((value) => software.test(value));
    const untimed =
      adapter === undefined || asked
        ? null
        : `its adapter is software (${adapter}); --backends ${path.name} times it all the same`;
    return { path, probed: { state: 'available', backend, latency, details, accelerator }, untimed };
  } catch (error) {
    return { path, probed: unavailable(error), untimed: null };
  }
}

/** Names of the GPUs that take part; null where none does. */
export function acceleratorOf(competitors: readonly Competitor[]): string | null {
  const names = competitors.flatMap(({ probed }) =>
    probed.state === 'available' && probed.accelerator !== null ? [probed.accelerator] : [],
  );
  return names.length === 0 ? null : [...new Set(names)].join('; ');
}

/** A backend that fails takes itself out of the comparison, not the others. */
export function unavailable(error: unknown): Unavailable {
  const state = 'unavailable';
  if (!(error instanceof UserError)) {
    const reason = error instanceof Error ? error.message : String(error);
    return { state, reason: `unexpected: ${reason}`.slice(0, 4000), fix: 'please report it' };
  }
  const { reason, fix } = error as { readonly reason?: unknown; readonly fix?: unknown };
  return typeof reason === 'string' && typeof fix === 'string'
    ? { state, reason, fix }
    : { state, reason: error.message, fix: 'vssm doctor says what this machine can run' };
}

export interface LoadedPath {
  /** For many images. */
  readonly throughput: LoadedModel;
  /** For one; the same model where the backend makes no difference. */
  readonly latency: LoadedModel;
  dispose(): Promise<void>;
}

export async function loadPath(
  { backend, latency }: Available,
  request: {
    readonly spec: ModelSpec;
    readonly weights: Weights;
    readonly plan: PruningPlan;
    readonly threads: number;
  },
): Promise<LoadedPath> {
  const throughput = await backend.load(request);
  if (latency === backend) return { throughput, latency: throughput, dispose: () => throughput.dispose() };
  try {
    const alone = await latency.load(request);
    const dispose = async () => {
      await throughput.dispose();
      await alone.dispose();
    };
    return { throughput, latency: alone, dispose };
  } catch (error) {
    await throughput.dispose();
    throw error;
  }
}
