export { Accuracy, type AccuracySummary, type Interval } from './accuracy.ts';
export {
  type DescribedDetection,
  type DescribedObject,
  type DetectionArea,
  detectionAreas,
  detectionOf,
  type ImageSize,
  trueObjectOf,
} from './coco/described.ts';
export { CocoEvaluator } from './coco/evaluator.ts';
export { type Detection, type OverlapType, overlapTypes, type TrueObject } from './coco/objects.ts';
export { rleFromPolygon } from './coco/polygon.ts';
export {
  type Box,
  type Rle,
  rleArea,
  rleBox,
  rleFromMask,
  rleFromString,
  rleToMask,
  rleToString,
} from './coco/rle.ts';
export type { Segmentation } from './coco/segmentation.ts';
export type { CocoSummary } from './coco/summarise.ts';
export {
  type PixelCounts,
  SegmentationEvaluator,
  type SegmentationRules,
  type SegmentationSummary,
} from './segmentation/miou.ts';
export { type Logits, topK } from './top-k.ts';
