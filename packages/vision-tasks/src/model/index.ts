export * from './flops.ts';
export { checkVisionTensors, inferVisionSpec } from './infer.ts';
export * from './parameters.ts';
export { randomVisionWeights } from './random-weights.ts';
export * as visionReference from './reference/index.ts';
export * from './spec.ts';
