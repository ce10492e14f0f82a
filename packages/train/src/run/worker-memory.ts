/** About how much memory a worker thread of a training takes. Bytes. */
import { sequenceLength } from '@vssm/families';
import type { UperNetSpec } from '@vssm/vision-tasks';
import { backboneOf, isSegmenter, type TrainedSpec } from '../trained-spec.ts';

/** A thread with its own Node, code and kernels, before it holds a model. */
const threadBytes = 96 * 2 ** 20;

/** Parameters and their gradients, and the gradients on their way. */
const copiesOfParameters = 3;
/** What a block leaves for its backward pass, and the room of the backward pass and of the segments between scans. */
const copiesOfActivations = 1.6;

/**
 * An estimate: an engine more was measured to take 129 MiB of a Vim of width 64 and depth 8 with 16 images of 197 tokens,
 * 178 and 531 of Vim-T with 2 and 8, 432 of Vim-S and 640 of PlainMamba-L2 with 2 (Linux x64, Node 24), threads not
 * counted; this says 157, 253, 767, 634 and 636. The kernels' memory of an UperNet of width 48, depth 8 and 32 channels with 8
 * pictures of 64x64 is 115 MiB; this says 132.
 *
 * @param parameters numbers in the model
 * @param microBatch images that the thread works on at once
 */
export function trainingWorkerBytes(spec: TrainedSpec, parameters: number, microBatch: number): number {
  const backbone = backboneOf(spec);
  const { width: d, innerWidth: E, dtRank: r, stateSize: N, depth } = backbone;
  const perToken = d + 3 * E + 2 * (2 * E + r + 2 * N);
  const activations = 4 * microBatch * sequenceLength(backbone) * depth * perToken;
  const head = isSegmenter(spec) ? microBatch * headBytes(spec) : 0;
  return threadBytes + copiesOfParameters * 4 * parameters + copiesOfActivations * activations + head;
}

/** Maps of the width of a level, of which a convolution of 3x3 cells holds nine; and maps of classes at the picture's size. */
const mapsOfLevels = 30;
const mapsOfClasses = 8;

/** Of one image, in the segment that is head and gradient of the head at once. */
function headBytes({ backbone, head }: UperNetSpec): number {
  const { imageHeight, imageWidth, width } = backbone.spec;
  const cells = sequenceLength(backbone.spec);
  const widest = width + head.poolScales.length * head.channels;
  return 4 * (mapsOfLevels * cells * widest + mapsOfClasses * imageHeight * imageWidth * head.classes);
}
