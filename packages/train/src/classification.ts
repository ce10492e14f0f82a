/** Training a classifier: one answer an image, from what the last block lets go on. */
import type { TrainableSpec } from '@vssm/families';
import { trainingOf } from './table.ts';
import type { TrainingTask } from './task.ts';

export function classification(spec: TrainableSpec): TrainingTask {
  const family = trainingOf(spec);
  return {
    backbone: spec,
    classes: spec.classes,
    answers: 1,
    taps: [],
    head: (shape) => family.segments.head(spec, shape),
    headWeights: family.weights(spec).head,
    headStatistics: {},
    reference: (parameters, plan, images) => family.reference(spec, parameters, plan, images),
  };
}
