export type { AnchorMaps } from './anchor-candidates.ts';
export type { DeltaScale } from './box-coder.ts';
export {
  type AnchorStages,
  detectBoxes,
  detectWithMasks,
  type MaskedDetections,
  type MaskRcnnStages,
  type PartWatch,
} from './detect.ts';
export type {
  Detections,
  InputImage,
  RegionOutputs,
} from './detections.ts';
export type { WindowLogits } from './label-map.ts';
export type { NumberMap, Numbers, Size } from './maps.ts';
export { pasteMask } from './masks.ts';
export * from './model/index.ts';
export type { Candidates } from './nms.ts';
export type { Proposals } from './proposals.ts';
export { referenceMaskRcnn, referenceSegmenter } from './reference-stages.ts';
export { regionLevels } from './region-levels.ts';
export { type SegmenterStages, segmentImage } from './segment.ts';
export { type Window, windowsOf } from './windows.ts';
