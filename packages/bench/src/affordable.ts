/** How many threads a row or a command takes: as many as were asked for, and memory carries. */
import { workerBytes } from '@vssm/backend-cpu';
import { counted } from '@vssm/core';
import type { ModelSpec } from '@vssm/families';

export interface MemoryAtHand {
  /** Bytes that may still be taken. */
  readonly available: number;
  /** Told where there are fewer threads than asked for. */
  readonly say: (line: string) => void;
}

/**
 * On the CPU every thread holds the models; other backends have none in a thread.
 *
 * @param specs of the models that are loaded at the same time
 */
export function threadsWithinMemory(
  backend: string,
  specs: readonly ModelSpec[],
  asked: number,
  memory: MemoryAtHand,
): number {
  if (backend !== 'cpu') return asked;
  const each = specs.reduce((sum, spec) => sum + workerBytes(spec), 0);
  const models = specs.length === 1 ? 'this model' : `these ${specs.length} models at once`;
  return threadsOfBytes(each, models, asked, memory);
}

/**
 * As many threads as memory carries, at least one.
 *
 * @param each bytes of a thread
 * @param what it holds, for people
 */
export function threadsOfBytes(
  each: number,
  what: string,
  asked: number,
  { available, say }: MemoryAtHand,
): number {
  const threads = Math.max(1, Math.min(asked, Math.floor(available / each)));
  if (threads < asked) {
    say(
      `${counted(asked, 'thread')} of ${what} take about ${gibibytes(asked * each)}, ${gibibytes(available)} are free, ` +
        `so ${counted(threads, 'thread')} it is`,
    );
  }
  return threads;
}

function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
