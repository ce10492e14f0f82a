/**
 * Objects and detections as files describe them, turned into what the evaluator compares: segmentations become
 * runs, and sizes and boxes that a results file leaves out are derived from them.
 */
import { UserError } from '@vssm/core';
import type { Detection, OverlapType, TrueObject } from './objects.ts';
import { type Box, type Rle, rleArea, rleBox } from './rle.ts';
import { maskOf, type Segmentation } from './segmentation.ts';

/** Pixels. */
export interface ImageSize {
  readonly height: number;
  readonly width: number;
}

export interface DescribedObject extends Omit<TrueObject, 'mask'> {
  /** Needed when masks are compared. */
  readonly segmentation: Segmentation | undefined;
}

export interface DescribedDetection {
  readonly category: number;
  readonly score: number;
  /** At least one of the two. */
  readonly box: Box | undefined;
  readonly segmentation: Segmentation | undefined;
}

/**
 * @param name of the object, for messages
 * @throws UserError when a mask is needed and there is none, or it does not fit the image
 */
export function trueObjectOf(
  described: DescribedObject,
  type: OverlapType,
  image: ImageSize | undefined,
  name: string,
): TrueObject {
  const { segmentation, ...object } = described;
  if (type === 'bbox') return object;
  return { ...object, mask: comparableMask(segmentation, image, name) };
}

function comparableMask(
  segmentation: Segmentation | undefined,
  image: ImageSize | undefined,
  name: string,
): Rle {
  if (segmentation === undefined)
    throw new UserError(`${name}: no segmentation, so that its mask cannot be compared`);
  if (image === undefined)
    throw new UserError(`${name}: its image has no height and width, which masks need`);
  return maskOf(segmentation, image.height, image.width, name);
}

/** What a detection's size is when masks are compared. */
export const detectionAreas = ['mask', 'box'] as const;
export type DetectionArea = (typeof detectionAreas)[number];

/**
 * The size of a detection says whether it counts as small, medium or large. When boxes are compared it is the box's,
 * and the mask's where there is no box. When masks are compared, pycocotools takes the box's where the file has boxes;
 * mmdet and detectron2 take boxes out of the file before pycocotools sees it, so that it is the mask's. The overall AP
 * is the same.
 *
 * @param image undefined where its size is not known, which only masks need
 * @param name of the detection, for messages
 * @param area what counts when masks are compared and there are both
 * @throws UserError when its mask is missing or does not fit the image
 */
export function detectionOf(
  described: DescribedDetection,
  type: OverlapType,
  image: ImageSize | undefined,
  name: string,
  area: DetectionArea = 'mask',
): Detection {
  const { category, score, box: given, segmentation } = described;
  const ofBox = given === undefined ? undefined : given[2] * given[3];
  if (type === 'bbox' && given !== undefined && ofBox !== undefined)
    return { category, score, box: given, area: ofBox };
  const mask = comparableMask(segmentation, image, name);
  return {
    ...{ category, score, box: given ?? rleBox(mask) },
    area: (area === 'box' ? ofBox : undefined) ?? rleArea(mask),
    ...(type === 'segm' && { mask }),
  };
}
