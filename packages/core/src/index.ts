export * from './dense/index.ts';
export { oneOf, UserError } from './errors.ts';
export * from './flops/model.ts';
export * from './flops/profile.ts';
export { strictScoring } from './flops/pruning.ts';
export * from './model.ts';
export { plainMambaPositionEmbedding } from './plainmamba/position-embedding.ts';
export * from './plainmamba/scan-order.ts';
export * from './plainmamba/spec.ts';
export { printable, printableJson, printableLines } from './printable.ts';
export * from './pruning/align.ts';
export * from './pruning/counts.ts';
export * from './pruning/plan.ts';
export * from './pruning/random.ts';
export * from './pruning/schedule.ts';
export * from './pruning/score.ts';
export * from './pruning/search.ts';
export * from './pruning/select.ts';
export { randomWeights, uniformNumbers } from './random-weights.ts';
export * from './reference/forward.ts';
export { batchNormAffine } from './reference/grid-layers.ts';
export { gatherRows, silu, softplus } from './reference/layers.ts';
export {
  type Observer,
  parametersOf,
  type ReferencePrediction,
} from './reference/prediction.ts';
export { chooseTokens, importance, keptRows, livePositions, zeroGone } from './reference/pruning.ts';
export * from './tensor.ts';
export * from './vim/spec.ts';
