/** Random weights of a given spec; see randomTensors in core. */
import { randomTensors, type Weights } from '@vssm/core';
import { type ModelSpec, modelTensors } from './model.ts';

export function randomWeights(spec: ModelSpec, seed = 0): Weights {
  return randomTensors(modelTensors(spec), seed);
}
