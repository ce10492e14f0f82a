export { Accuracy, type AccuracySummary, type Interval, wilsonInterval } from './accuracy.ts';
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
export { boxIous, maskIous } from './coco/iou.ts';
export { type Detection, type OverlapType, overlapTypes, type TrueObject } from './coco/objects.ts';
export { rleFromPolygon, rleFromPolygons } from './coco/polygon.ts';
export {
  type Box,
  maxMaskPixels,
  type Rle,
  rleArea,
  rleBox,
  rleFromCounts,
  rleFromMask,
  rleFromString,
  rleToMask,
  rleToString,
  rleUnion,
} from './coco/rle.ts';
export { maskOf, type Segmentation } from './coco/segmentation.ts';
export type { CocoSummary } from './coco/summarise.ts';
export { cosine, Fidelity, type FidelitySummary, klDivergence } from './fidelity.ts';
export {
  type PixelCounts,
  SegmentationEvaluator,
  type SegmentationRules,
  type SegmentationSummary,
} from './segmentation/miou.ts';
export { type Logits, topK } from './top-k.ts';
