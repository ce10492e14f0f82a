/** About how much memory a worker thread of the pool takes, and so how many of them a machine can carry. Bytes. */
import { type ModelSpec, parameterCount } from '@vssm/families';
import { chunkFor } from './buffers.ts';

/** A thread with its own Node, code and kernels, before it holds a model. */
const threadBytes = 48 * 2 ** 20;

/**
 * Weights are held as the products want them and, for a while, as they came; beside the activations there is, with
 * WebAssembly kernels, what ONNX Runtime's Node binding hands out, a copy of every output that waits for the garbage
 * collector, which comes before they are many. What comes of it is an estimate, above what is taken: a worker more was
 * measured to take 50 MiB of the embedded Vim-nano, 233 of Vim-T, 290 of Vim-S, 633 of Vim-B, 265 of PlainMamba-L1 and 456 of
 * L3 (half of what the peak of a process with three has more than with one; Linux x64, Node 24); this says 73, 328, 417,
 * 841, 331 and 478. Native kernels take 45, 104, 178, 479, 166 and 310.
 */
const copies = { weights: 1.6, activations: 4, outputs: 16 };
const mostOutputs = 192 * 2 ** 20;

/** Bytes that one thread of the pool takes for a model: an estimate from above. */
export function workerBytes(spec: ModelSpec): number {
  // As many sets as the family with the most of them has.
  const { size, bytes } = chunkFor(spec, 2);
  const activations = size * bytes;
  const outputs = Math.min(copies.outputs * activations, mostOutputs);
  return threadBytes + copies.weights * 4 * parameterCount(spec) + copies.activations * activations + outputs;
}
