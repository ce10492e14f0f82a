/** About how much memory a worker thread of the pool takes, and so how many of them a machine can carry. Bytes. */
import { type ModelSpec, parameterCount } from '@vssm/families';
import { chunkFor } from './buffers.ts';

/** A thread with its own Node, code and kernels, before it holds a model. */
const threadBytes = 96 * 2 ** 20;

/**
 * ONNX Runtime keeps the weights, packed once more for its products, beside the file it reads them from; and a copy of
 * every output beside the activations. What comes of it is an estimate, above what is taken: a worker more was
 * measured to take 172 MiB of the embedded Vim-nano, 273 of Vim-T, 425 of Vim-S, 754 of Vim-B, 355 of PlainMamba-L1
 * and 740 of L3 (half of what the peak of a process with three has more than with one; Linux x64, Node 24);
 * this says 177, 364, 581, 1392, 368 and 860.
 */
const copies = 3;

/** Bytes that one thread of the pool takes for a model: an estimate from above. */
export function workerBytes(spec: ModelSpec): number {
  // As many sets as the family with the most of them has.
  const { size, bytes } = chunkFor(spec, 2);
  return threadBytes + copies * (4 * parameterCount(spec) + size * bytes);
}
