export * from './counts.ts';
export type {
  BaseSpec,
  CountedPart,
  Family,
  FamilyWords,
  ImageRecipe,
  SegmentPart,
  Size,
  TokenLayout,
} from './family.ts';
export * from './flops.ts';
export { mambaRegTraits } from './mambareg/index.ts';
export * from './mambareg/spec.ts';
export * from './model.ts';
export { plainMambaPositionEmbedding } from './plainmamba/position-embedding.ts';
export * from './plainmamba/reference.ts';
export * from './plainmamba/spec.ts';
export * from './plan.ts';
export { randomWeights } from './random-weights.ts';
export * from './reference.ts';
export * from './search.ts';
export {
  type BidirectionalModel,
  families,
  type ModelFamily,
  type ModelName,
  type ModelSpec,
  modelFamilies,
  newTrainableSpec,
  type SpecOf,
  type TrainableFamily,
  type TrainableSpec,
  trainableFamilies,
  usualFamily,
} from './table.ts';
export { videoMambaTraits } from './videomamba/index.ts';
export * from './videomamba/spec.ts';
export { vimTraits } from './vim/index.ts';
export * from './vim/reference.ts';
export * from './vim/spec.ts';
export {
  type BidirectionalSpec,
  type BidirectionalTraits,
  fullLength,
  readWidth,
  sequenceOrder,
} from './vim/traits.ts';
