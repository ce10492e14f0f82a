/** About how much memory a worker thread of a training takes. Bytes. */
import { sequenceLength, type TrainableSpec } from '@vssm/families';

/** A thread with its own Node, code and kernels, before it holds a model. */
const threadBytes = 96 * 2 ** 20;

/** Parameters and their gradients, and the gradients on their way. */
const copiesOfParameters = 3;
/** What a block leaves for its backward pass, and the room of the backward pass and of the segments between scans. */
const copiesOfActivations = 1.6;

/**
 * An estimate: an engine more was measured to take 129 MiB of a Vim of width 64 and depth 8 with 16 images of 197 tokens,
 * 178 and 531 of Vim-T with 2 and 8, 432 of Vim-S and 640 of PlainMamba-L2 with 2 (Linux x64, Node 24), threads not
 * counted; this says 157, 253, 767, 634 and 636.
 *
 * @param parameters numbers in the model
 * @param microBatch images that the thread works on at once
 */
export function trainingWorkerBytes(spec: TrainableSpec, parameters: number, microBatch: number): number {
  const { width: d, innerWidth: E, dtRank: r, stateSize: N, depth } = spec;
  const perToken = d + 3 * E + 2 * (2 * E + r + 2 * N);
  const activations = 4 * microBatch * sequenceLength(spec) * depth * perToken;
  return threadBytes + copiesOfParameters * 4 * parameters + copiesOfActivations * activations;
}
