/** A small model with a pruning step, and images for it: for tests of what surrounds a model. */
import { type ModelRequest, referenceBackend } from '@vssm/backend';
import { pruningPlan, randomWeights, vimSpec } from '@vssm/families';

const spec = vimSpec({
  width: 16,
  depth: 3,
  imageHeight: 16,
  imageWidth: 16,
  inChannels: 1,
  patchSize: 4,
  stride: 4,
  stateSize: 4,
  classes: 5,
});

export const request: ModelRequest = {
  spec,
  plan: pruningPlan({ schedule: [{ after: 1, keep: 0.6 }] }),
  weights: randomWeights(spec, 3),
};

/** Tokens kept of 17: ceil(16 · 0.6) made odd. */
export const keptTokens = 11;

export function madeUpImages(
  size: number,
  seed = 0,
): { readonly pixels: Float32Array; readonly size: number } {
  const pixels = Float32Array.from({ length: size * 256 }, (_, i) => Math.sin(i * 0.7 + seed) + (i % 5) / 5);
  return { pixels, size };
}

/** [size, classes], float64 */
export async function expectedLogits(batch: ReturnType<typeof madeUpImages>): Promise<ArrayLike<number>> {
  return (await (await referenceBackend.load(request)).run(batch)).logits;
}
