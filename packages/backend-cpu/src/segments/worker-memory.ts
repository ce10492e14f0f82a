/** How much memory a worker thread of the pool takes, and so how many of them a machine can carry. Bytes. */
import { type ModelSpec, parameterCount } from '@vssm/families';
import { chunkFor } from './buffers.ts';

/** A thread with its own Node, code and kernels, before it holds a model. */
const threadBytes = 96 * 2 ** 20;

/**
 * ONNX Runtime keeps the weights, packed once more for its products, beside the file it reads them from; and a copy of
 * every output beside the activations. Measured: 138 MiB of the embedded model's worker, 640 MiB of Vim-S's; this says
 * 165 and 580.
 */
const copies = 3;

/** Bytes that one thread of the pool takes for a model. */
export function workerBytes(spec: ModelSpec): number {
  // As many sets as the family with the most of them has.
  const { size, bytes } = chunkFor(spec, 2);
  return threadBytes + copies * (4 * parameterCount(spec) + size * bytes);
}

/**
 * As many of the threads as memory allows; at least one.
 *
 * @param specs of the models that every thread holds at once
 * @param available bytes that may still be taken
 */
export function affordableThreads(specs: readonly ModelSpec[], threads: number, available: number): number {
  const each = specs.reduce((sum, spec) => sum + workerBytes(spec), 0);
  return Math.max(1, Math.min(threads, Math.floor(available / each)));
}
