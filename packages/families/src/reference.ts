/** The float64 reference forward of any model: the oracle of every backend. */
import type { PruningPlan, Weights } from '@vssm/core';
import type { ContributionReader, Observer, ReferencePrediction } from '@vssm/core/reference';
import { checkPlan } from './plan.ts';
import { familyOf, type ModelSpec } from './table.ts';

/**
 * @param image normalised pixels [C, H, W]
 * @param sample stable index of the image in its data set; read by the `random` signal and rule files
 * @param read if there is one, what the classifier reads of every token is computed in every block
 * @throws UserError where the plan does not fit the model
 */
export function referenceForward(
  spec: ModelSpec,
  weights: Weights,
  plan: PruningPlan,
  image: ArrayLike<number>,
  sample = 0,
  observe: Observer = () => {},
  read?: ContributionReader,
): ReferencePrediction {
  checkPlan(spec, plan);
  return familyOf(spec).reference(spec, weights, plan, image, sample, observe, read);
}
