/** `--threads` of a model on the CPU: as many as memory carries. */
import { affordableThreads, workerBytes } from '@vssm/backend-cpu';
import { counted } from '@vssm/core';
import type { ModelSpec } from '@vssm/families';
import { note } from '../output.ts';

/**
 * The threads asked for, or fewer with a word. Other backends than `cpu` have no model in each thread.
 *
 * @param available bytes that may still be taken
 */
export function threadsWithinMemory(
  backend: string,
  spec: ModelSpec,
  asked: number,
  available = process.availableMemory(),
): number {
  if (backend !== 'cpu') return asked;
  const threads = affordableThreads(spec, asked, available);
  const gigabytes = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  if (threads < asked) {
    note(
      `${counted(asked, 'thread')} of this model take ${gigabytes(asked * workerBytes(spec))}, ` +
        `${gigabytes(available)} are free, so ${counted(threads, 'thread')} it is`,
    );
  }
  return threads;
}
