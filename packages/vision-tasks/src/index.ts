export type { AnchorMaps } from './anchor-candidates.ts';
export { baseAnchors, levelAnchors } from './anchors.ts';
export { type DeltaScale, decodeBox } from './box-coder.ts';
export {
  type AnchorStages,
  detectBoxes,
  detectWithMasks,
  type MaskedDetections,
  type MaskRcnnStages,
  type PartWatch,
  padTo32,
} from './detect.ts';
export {
  type Detections,
  detectAnchors,
  detectRegions,
  type InputImage,
  type RegionOutputs,
  toInput,
} from './detections.ts';
export { labelMap, type WindowLogits } from './label-map.ts';
export type { NumberMap, Numbers, Size } from './maps.ts';
export { pasteMask, pasteProbabilities } from './masks.ts';
export * from './model/index.ts';
export { type Candidates, intersectionOverUnion, nonMaximumSuppression } from './nms.ts';
export { type Proposals, propose } from './proposals.ts';
export { referenceMaskRcnn, referenceRetinaNet, referenceSegmenter } from './reference-stages.ts';
export { regionLevels } from './region-levels.ts';
export { type SegmenterStages, segmentImage } from './segment.ts';
export { cutWindow, type Window, windowsOf } from './windows.ts';
