/** The float64 reference forward of any model: the oracle of every backend. */
import type { PruningPlan, Weights } from '@vssm/core';
import type { Observer, ReferencePrediction } from '@vssm/core/reference';
import type { ModelSpec } from './model.ts';
import { plainMambaReference } from './plainmamba/reference.ts';
import { vimReference } from './vim/reference.ts';

/**
 * @param image normalised pixels [C, H, W]
 * @param sample stable index of the image in its data set; only the `random` signal depends on it
 * @throws UserError where the plan does not fit the model
 */
export function referenceForward(
  spec: ModelSpec,
  weights: Weights,
  plan: PruningPlan,
  image: ArrayLike<number>,
  sample = 0,
  observe: Observer = () => {},
): ReferencePrediction {
  switch (spec.family) {
    case 'vim':
      return vimReference(spec, weights, plan, image, sample, observe);
    case 'plainmamba':
      return plainMambaReference(spec, weights, plan, image, sample, observe);
    default:
      throw spec satisfies never;
  }
}
