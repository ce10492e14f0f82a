export * from './flops.ts';
export * from './parameters.ts';
export { randomVisionWeights } from './random-weights.ts';
export * as visionReference from './reference/index.ts';
export * from './spec.ts';
