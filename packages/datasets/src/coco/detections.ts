/**
 * COCO's results files: a list of `{image_id, category_id, bbox, score, segmentation}`, in any order, as mmdet and
 * other tools write them; read as a stream and held against the annotation file they belong to.
 */
import { UserError } from '@vssm/core';
import {
  box,
  type CocoBox,
  type CocoImageId,
  type CocoSegmentation,
  fieldsOf,
  finiteNumber,
  imageId,
  segmentation,
  wholeNumber,
} from './fields.ts';
import type { CocoInstances } from './instances.ts';
import { type JsonSource, jsonEntries } from './json-entries.ts';

export interface CocoDetection {
  /** Place in the file, from 0. */
  readonly index: number;
  readonly category: number;
  readonly score: number;
  /** Undefined where the file gives a mask only. */
  readonly box: CocoBox | undefined;
  /** Undefined where masks are not needed. */
  readonly segmentation: CocoSegmentation | undefined;
}

export interface CocoDetections {
  readonly path: string;
  readonly count: number;
  /** By image id, in the order of the file. */
  readonly byImage: ReadonlyMap<CocoImageId, readonly CocoDetection[]>;
}

export interface DetectionNeeds {
  /** Segmentations, even where boxes are given. */
  readonly masks: boolean;
  /** Boxes are measured where they are given: for all detections then, or for none. */
  readonly allOrNone: boolean;
}

/** The name of a detection in messages. */
export function detectionName(path: string, index: number, image: CocoImageId): string {
  return `${path}: detection ${index} (image ${image})`;
}

/** Ten times what a hundred detections in each of COCO's 50,000 evaluation images come to. */
const mostDetections = 5_000_000;

/**
 * Reads a results file.
 *
 * @param needs what is read beyond image, category and score
 * @throws UserError naming the file, the detection and its image: not finite, a negative box, an image or category
 *   that the annotation file does not list
 */
export async function readDetections(
  source: JsonSource,
  instances: CocoInstances,
  { masks, allOrNone }: DetectionNeeds,
): Promise<CocoDetections> {
  const { path } = source;
  const categories = new Set(instances.categories.map(({ id }) => id));
  const byImage = new Map<CocoImageId, CocoDetection[]>();
  let count = 0;
  let boxesGiven = false;
  for await (const entries of jsonEntries(source, undefined)) {
    for (const { index, value } of entries) {
      if (index >= mostDetections) throw new UserError(`${path}: more than ${mostDetections} detections`);
      const fields = fieldsOf(value, `${path}: detection ${index}`);
      const image = imageId(fields, 'image_id', `${path}: detection ${index}`);
      const name = detectionName(path, index, image);
      if (!instances.images.has(image)) {
        const other = typeof image === 'string' ? Number(image) : String(image);
        const why = instances.images.has(other)
          ? `; its ids are ${typeof other === 'string' ? 'texts, and this is a number' : 'numbers, and this is a text'}`
          : "; are these another split's?";
        throw new UserError(`${name}: no image ${image} in ${instances.path}${why}`);
      }
      const category = wholeNumber(fields, 'category_id', name);
      if (!categories.has(category)) {
        throw new UserError(
          `${name}: no category ${category} in ${instances.path}; category_id is the file's id, not the class index`,
        );
      }
      const hasBox = fields.bbox !== undefined && !(Array.isArray(fields.bbox) && fields.bbox.length === 0);
      if (index === 0) boxesGiven = hasBox;
      if (allOrNone && boxesGiven !== hasBox) {
        throw new UserError(
          `${name}: ${hasBox ? 'a' : 'no'} bbox, unlike the first detection; give all or none`,
        );
      }
      const masked = fields.segmentation !== undefined;
      if (!masked && (masks || !hasBox)) {
        throw new UserError(
          `${name}: no segmentation; ${hasBox ? 'only its box can be scored' : 'nor bbox'}`,
        );
      }
      const wanted = masks || !hasBox;
      const detection: CocoDetection = {
        index,
        category,
        score: finiteNumber(fields, 'score', name),
        box: hasBox ? box(fields.bbox, name) : undefined,
        segmentation: wanted ? segmentation(fields.segmentation, name) : undefined,
      };
      const sameImage = byImage.get(image);
      if (sameImage === undefined) byImage.set(image, [detection]);
      else sameImage.push(detection);
      count++;
    }
  }
  return { path, count, byImage };
}
