/** A model on any backend as what answers images: logits and kept positions of each. */
import { UserError } from '@vssm/core';
import type { ModelSpec } from '@vssm/families';
import type { Contributions, LoadedModel } from '../backend.ts';
import { contributionsOfImage } from '../contributions.ts';
import { type Answerer, type LoadedImage, Unanswered } from './answer-images.ts';

/** Of one image; views of the batch's arrays. */
export interface Classified {
  /** [classes] */
  readonly logits: Float32Array | Float64Array;
  /** Kept positions after each pruning step, by the 1-based block of the step. */
  readonly kept: ReadonlyMap<number, Int32Array>;
  /** Where the model was asked for them. */
  readonly contributions?: Contributions;
}

/**
 * @param nameOf an image, for messages
 * @param model disposed of with the answerer
 */
export function classifier(
  model: LoadedModel,
  { classes }: Pick<ModelSpec, 'classes'>,
  nameOf: (index: number) => string,
): Answerer<Float32Array, Classified> {
  return {
    async answer(batch) {
      const size = batch.length;
      const pixels = joined(batch);
      const samples = batch.map(({ index }) => index);
      const { logits, kept, failed, contributions } = await model.run({ pixels, size, samples });
      return batch.map(({ index }, row) => {
        const reason = failed?.get(row);
        if (reason !== undefined) return new Unanswered(reason);
        const own = logits.subarray(row * classes, (row + 1) * classes);
        if (!own.every(Number.isFinite)) {
          throw new UserError(`image ${nameOf(index)}: the model's logits are not finite`);
        }
        const steps = [...kept].map(([after, positions]) => {
          const count = positions.length / size;
          return [after, positions.subarray(row * count, (row + 1) * count)] as const;
        });
        return {
          logits: own,
          kept: new Map(steps),
          ...(contributions && { contributions: contributionsOfImage(contributions, row, size) }),
        };
      });
    },
    dispose: () => model.dispose(),
  };
}

/** [B, C, H, W] */
function joined(batch: readonly LoadedImage<Float32Array>[]): Float32Array {
  const { length } = batch[0].image;
  const pixels = new Float32Array(batch.length * length);
  for (const [row, { image }] of batch.entries()) pixels.set(image, row * length);
  return pixels;
}
