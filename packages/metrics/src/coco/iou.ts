/**
 * Overlap of detections with ground truth, boxes or masks, as pycocotools counts it: intersection over union, and
 * for a crowd region the intersection over the detection alone, since a crowd may hold many.
 *
 * Results are [detections, objects], row by row.
 */
import { type Box, type Rle, rleArea, rleBox } from './rle.ts';

/**
 * @param crowds per object, whether it is a crowd region
 * @returns [detections, objects] in 0 … 1
 */
export function boxIous(
  detections: readonly Box[],
  objects: readonly Box[],
  crowds: readonly boolean[],
): Float64Array {
  const ious = new Float64Array(detections.length * objects.length);
  let place = 0;
  for (const [left, top, width, height] of detections) {
    const area = width * height;
    for (let object = 0; object < objects.length; object++, place++) {
      const other = objects[object];
      const across = Math.min(width + left, other[2] + other[0]) - Math.max(left, other[0]);
      if (across <= 0) continue;
      const down = Math.min(height + top, other[3] + other[1]) - Math.max(top, other[1]);
      if (down <= 0) continue;
      const shared = across * down;
      ious[place] = shared / (crowds[object] ? area : area + other[2] * other[3] - shared);
    }
  }
  return ious;
}

/**
 * @param crowds per object, whether it is a crowd region
 * @returns [detections, objects] in 0 … 1
 */
export function maskIous(
  detections: readonly Rle[],
  objects: readonly Rle[],
  crowds: readonly boolean[],
): Float64Array {
  if (detections.length === 0 || objects.length === 0) return new Float64Array(0);
  // Masks whose boxes do not touch share no pixel; only the others are worth walking.
  const ious = boxIous(detections.map(rleBox), objects.map(rleBox), crowds);
  for (let place = 0; place < ious.length; place++) {
    if (ious[place] === 0) continue;
    const object = place % objects.length;
    const detection = detections[(place - object) / objects.length];
    ious[place] = maskIou(detection, objects[object], crowds[object]);
  }
  return ious;
}

/** Walks two masks of one size at once, from one change to the next. */
function maskIou(a: Rle, b: Rle, crowd: boolean): number {
  if (a.height !== b.height || a.width !== b.width) {
    throw new RangeError(`masks of ${a.height}x${a.width} and ${b.height}x${b.width} cannot be compared`);
  }
  const aCounts = a.counts;
  const bCounts = b.counts;
  let aLeft = aCounts[0];
  let bLeft = bCounts[0];
  let aNext = 1;
  let bNext = 1;
  let inA = false;
  let inB = false;
  let shared = 0;
  let union = 0;
  let left = 1;
  while (left > 0) {
    const step = Math.min(aLeft, bLeft);
    if (inA || inB) union += step;
    if (inA && inB) shared += step;
    aLeft -= step;
    if (aLeft === 0 && aNext < aCounts.length) {
      aLeft = aCounts[aNext++];
      inA = !inA;
    }
    bLeft -= step;
    if (bLeft === 0 && bNext < bCounts.length) {
      bLeft = bCounts[bNext++];
      inB = !inB;
    }
    left = aLeft + bLeft;
  }
  if (shared === 0) return 0;
  return shared / (crowd ? rleArea(a) : union);
}
