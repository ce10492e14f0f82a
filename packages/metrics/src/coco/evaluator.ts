/**
 * COCO's box and mask AP and AR, image by image: give the true objects and the detections of each image once, in
 * any order, and ask for the summary. What is kept of a detection is its score and 80 bits, so that memory does
 * not depend on masks or image sizes. Counted exactly as pycocotools' COCOeval does, quirks included.
 */
import { boxIous, maskIous } from './iou.ts';
import { matchDetections } from './match.ts';
import type { Detection, OverlapType, TrueObject } from './objects.ts';
import { areaRanges, detectionLimits } from './protocol.ts';
import { type CategoryRecord, emptyRecord } from './record.ts';
import type { Rle } from './rle.ts';
import { type CocoSummary, summarise } from './summarise.ts';

/** Of boxes or of masks. Figures are shares from 0 to 1, as pycocotools gives them. */
export class CocoEvaluator {
  readonly #type: OverlapType;
  readonly #records: ReadonlyMap<number, CategoryRecord>;
  readonly #images = new Set<number>();

  /** @param categories ids of all categories, whether or not any object has them */
  constructor(type: OverlapType, categories: readonly number[]) {
    this.#type = type;
    this.#records = new Map(categories.toSorted((a, b) => a - b).map((id) => [id, emptyRecord()]));
  }

  /**
   * Counts one image. Among equal scores the earlier detection comes first, and the earlier image.
   *
   * @param image its place among the images by ascending id, or the id itself; each may be added once
   * @throws RangeError for a category that was not announced, or a missing mask: bugs of the caller
   */
  add(image: number, objects: readonly TrueObject[], detections: readonly Detection[]): void {
    if (this.#images.has(image)) throw new RangeError(`image ${image} was added before`);
    this.#images.add(image);
    const objectsOf = Map.groupBy(objects, ({ category }) => category);
    const detectionsOf = Map.groupBy(detections, ({ category }) => category);
    for (const category of new Set([...objectsOf.keys(), ...detectionsOf.keys()])) {
      const record = this.#records.get(category);
      if (record === undefined) throw new RangeError(`category ${category} is not one of the evaluator's`);
      this.#addCategory(record, image, objectsOf.get(category) ?? [], detectionsOf.get(category) ?? []);
    }
  }

  /** All figures in 0 … 1, and -1 where nothing defines them. */
  summary(): CocoSummary {
    return summarise(this.#records);
  }

  #addCategory(
    record: CategoryRecord,
    image: number,
    objects: readonly TrueObject[],
    unsorted: readonly Detection[],
  ): void {
    const most = detectionLimits[detectionLimits.length - 1];
    const detections = unsorted.toSorted((a, b) => b.score - a.score).slice(0, most);
    const crowds = objects.map(({ crowd }) => crowd);
    const ious =
      this.#type === 'bbox'
        ? boxIous(detections.map(boxOf), objects.map(boxOf), crowds)
        : maskIous(detections.map(maskOf), objects.map(maskOf), crowds);
    const areas = detections.map(({ area }) => area);
    const { matched, ignored, wanted } = matchDetections(objects, areas, ious);
    for (let range = 0; range < areaRanges.length; range++) {
      record.wanted[range] += wanted[range];
      for (let rank = 0; rank < detections.length; rank++) {
        record.matched[range].push(matched[range][rank]);
        record.ignored[range].push(ignored[range][rank]);
      }
    }
    for (const [rank, { score }] of detections.entries()) {
      record.scores.push(score);
      record.images.push(image);
      record.ranks.push(rank);
    }
  }
}

function boxOf({ box }: TrueObject | Detection) {
  return box;
}

function maskOf({ mask }: TrueObject | Detection): Rle {
  if (mask === undefined) throw new RangeError('masks are compared, and one is missing');
  return mask;
}
