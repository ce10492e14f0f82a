/**
 * Which detections of one category in one image are right: for every overlap threshold and area range, each
 * detection, surest first, takes the free object that it overlaps most. Objects outside the area range and crowds
 * are ignored: they are taken only when no other is, and a detection that took one counts neither way.
 */
import type { TrueObject } from './objects.ts';
import { areaRanges, overlapThresholds } from './protocol.ts';

/** Per area range, one bit per overlap threshold, for each detection in the order given. */
export interface Matches {
  /** Taken an object, ignored ones included: [area ranges][detections]. */
  readonly matched: readonly Uint16Array[];
  /** Counts neither as right nor as wrong: [area ranges][detections]. */
  readonly ignored: readonly Uint16Array[];
  /** Objects that ought to be found, per area range. */
  readonly wanted: readonly number[];
}

/**
 * @param objects of one category in one image, in the order of the file
 * @param areas of the detections, surest first; pixels
 * @param ious [detections, objects]
 */
export function matchDetections(
  objects: readonly TrueObject[],
  areas: readonly number[],
  ious: Float64Array,
): Matches {
  const perRange = areaRanges.map(({ from, to }) => {
    const outside = (area: number) => area < from || area > to;
    const ignore = objects.map(({ area, crowd }) => crowd || outside(area));
    const order = [...ignore.keys()].sort((a, b) => Number(ignore[a]) - Number(ignore[b]));
    const matched = new Uint16Array(areas.length);
    const ignored = new Uint16Array(areas.length);
    if (objects.length > 0) {
      for (const [index, threshold] of overlapThresholds.entries()) {
        matchAt(threshold, 1 << index, objects, order, ignore, ious, matched, ignored);
      }
    }
    for (let detection = 0; detection < areas.length; detection++) {
      // An unmatched detection of another size is no mistake within this range.
      if (outside(areas[detection])) ignored[detection] |= allThresholds & ~matched[detection];
    }
    return { matched, ignored, wanted: ignore.filter((ignore) => !ignore).length };
  });
  return {
    matched: perRange.map(({ matched }) => matched),
    ignored: perRange.map(({ ignored }) => ignored),
    wanted: perRange.map(({ wanted }) => wanted),
  };
}

const allThresholds = 2 ** overlapThresholds.length - 1;

/** @param order of the objects, those not ignored first */
function matchAt(
  threshold: number,
  bit: number,
  objects: readonly TrueObject[],
  order: readonly number[],
  ignore: readonly boolean[],
  ious: Float64Array,
  matched: Uint16Array,
  ignored: Uint16Array,
): void {
  const taken = new Uint8Array(objects.length);
  for (let detection = 0; detection < matched.length; detection++) {
    const row = detection * objects.length;
    let best = Math.min(threshold, 1 - 1e-10);
    let match = -1;
    for (const object of order) {
      if (taken[object] === 1 && !objects[object].crowd) continue;
      if (match >= 0 && !ignore[match] && ignore[object]) break;
      const iou = ious[row + object];
      if (iou < best) continue;
      best = iou;
      match = object;
    }
    if (match < 0) continue;
    taken[match] = 1;
    if (ignore[match]) ignored[detection] |= bit;
    // pycocotools stores the object's id as the mark of a match, so that an object with id 0 is never found.
    if (objects[match].id !== 0) matched[detection] |= bit;
  }
}
