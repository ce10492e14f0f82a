/** Random weights of a given spec; see randomTensors in core. */
import { randomTensors, type Weights } from '@vssm/core';
import { modelTensors } from './model.ts';
import type { ModelSpec } from './table.ts';

/** Every tensor that a checkpoint of the model has, float32; the same seed gives the same weights. */
export function randomWeights(spec: ModelSpec, seed = 0): Weights {
  return randomTensors(modelTensors(spec), seed);
}
