/** The tasks that there are; what is trained says by its spec which one it is. */
import { classification } from './classification.ts';
import { segmentation } from './segmentation/index.ts';
import type { TrainingTask } from './task.ts';
import { isSegmenter, type TrainedSpec } from './trained-spec.ts';

/** @throws UserError for a model that has no gradients here */
export function trainingTask(spec: TrainedSpec): TrainingTask {
  return isSegmenter(spec) ? segmentation(spec) : classification(spec);
}
