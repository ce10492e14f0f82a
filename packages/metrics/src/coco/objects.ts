/**
 * What is compared: the objects that an annotator marked in an image and the ones that a detector found. Both come
 * from files or straight from a model; boxes are [left, top, width, height] in pixels of the original image.
 */
import type { Box, Rle } from './rle.ts';

export const overlapTypes = ['bbox', 'segm'] as const;
/** What is laid over what: boxes or masks. */
export type OverlapType = (typeof overlapTypes)[number];

export interface TrueObject {
  /** As in the annotation file. */
  readonly id: number;
  readonly category: number;
  readonly box: Box;
  /** Present when masks are compared. */
  readonly mask?: Rle;
  /** Pixels, as annotated; decides which size the object counts as. */
  readonly area: number;
  /** A region of many objects: matched by any number of detections, and never missed. */
  readonly crowd: boolean;
}

export interface Detection {
  readonly category: number;
  /** Any scale; higher is surer. */
  readonly score: number;
  readonly box: Box;
  /** Present when masks are compared. */
  readonly mask?: Rle;
  /** Pixels, of mask or box (see `detectionOf`); says what size an unmatched detection has. */
  readonly area: number;
}
