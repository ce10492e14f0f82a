/**
 * Objects and detections as files describe them, turned into what the evaluator compares: segmentations become
 * runs, and sizes and boxes that a results file leaves out are derived from them.
 */
import { UserError } from '@vssm/core';
import type { Detection, OverlapType, TrueObject } from './objects.ts';
import { type Box, rleArea, rleBox } from './rle.ts';
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
  { height, width }: ImageSize,
  name: string,
): TrueObject {
  const { segmentation, ...object } = described;
  if (type === 'bbox') return object;
  if (segmentation === undefined)
    throw new UserError(`${name}: no segmentation, so that its mask cannot be compared`);
  return { ...object, mask: maskOf(segmentation, height, width, name) };
}

/**
 * The size of a detection is its mask's when masks are compared, whether or not a box is given too: so mmdet and
 * detectron2 measure, who take boxes out of the file before pycocotools sees it. When boxes are compared it is the
 * box's, and the mask's where there is no box.
 *
 * @param name of the detection, for messages
 * @throws UserError when its mask is missing or does not fit the image
 */
export function detectionOf(
  described: DescribedDetection,
  type: OverlapType,
  { height, width }: ImageSize,
  name: string,
): Detection {
  const { category, score, box: given, segmentation } = described;
  if (type === 'bbox' && given !== undefined)
    return { category, score, box: given, area: given[2] * given[3] };
  if (segmentation === undefined)
    throw new UserError(`${name}: no segmentation, so that its mask cannot be compared`);
  const mask = maskOf(segmentation, height, width, name);
  const box = given ?? rleBox(mask);
  return { category, score, box, area: rleArea(mask), ...(type === 'segm' && { mask }) };
}
