export * from './flops.ts';
export { checkDenseTensors, inferDenseSpec } from './infer.ts';
export * from './parameters.ts';
export { randomDenseWeights } from './random-weights.ts';
export * as denseReference from './reference/index.ts';
export * from './spec.ts';
