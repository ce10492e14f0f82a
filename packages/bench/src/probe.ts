/**
 * Whether a backend can be used here, answered in limited time whatever its driver does. Drivers that are loaded
 * into Node itself may stand still, and Node with them, or take the process down: these are asked in a process
 * of their own.
 */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Backend, type BackendName, type Probe, within } from '@vssm/backend';
import type { ExecutionPath, PathOptions } from './execution-paths.ts';

/** A driver's first start compiles and takes seconds, a browser is started up to three times. */
const probeMs = 90_000;

/** Nothing of these stands still: on a busy machine their first start takes minutes, and is worth them. */
const driverless: readonly BackendName[] = ['cpu', 'reference'];

/** @param backend what `path` opens */
export function probeBackend(
  { name, form, driverInNode }: Pick<ExecutionPath, 'name' | 'form' | 'driverInNode'>,
  backend: Backend,
  options: PathOptions,
  limitMs = probeMs,
): Promise<Probe> {
  if (driverless.includes(name)) return backend.probe();
  if (driverInNode === true) return probeApart({ name, form, options }, limitMs);
  return within(limitMs, backend.probe(), () => new Error('late')).catch((error: Error): Probe => {
    if (error.message === 'late') return late(limitMs);
    throw error;
  });
}

const late = (limitMs: number): Probe => ({
  available: false,
  reason: `its driver gave no answer for ${limitMs / 1000} s`,
  fix: 'update the graphics driver, or use --backend cpu',
});

/** What the process that asks is told, as its one argument. */
export interface ProbeQuestion {
  readonly name: BackendName;
  readonly form: string;
  readonly options: PathOptions;
}

function probeApart(question: ProbeQuestion, limitMs: number): Promise<Probe> {
  const child = fork(
    fileURLToPath(new URL('probe-process.ts', import.meta.url)),
    [JSON.stringify(question)],
    {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    },
  );
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      resolve(late(limitMs));
      child.kill('SIGKILL');
    }, limitMs);
    child.once('message', (probe) => resolve(probe as Probe));
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      resolve({
        available: false,
        reason: `loading its driver ended the process (${signal ?? `exit code ${code}`})`,
        fix: 'update the graphics driver, or use --backend cpu',
      });
    });
  });
}
