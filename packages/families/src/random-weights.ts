/** Random weights of a given spec; see randomTensors in core. */
import { randomTensors, type Weights } from '@vssm/core';
import { modelTensors } from './model.ts';
import type { ModelSpec } from './table.ts';

export function randomWeights(spec: ModelSpec, seed = 0): Weights {
  return randomTensors(modelTensors(spec), seed);
}
