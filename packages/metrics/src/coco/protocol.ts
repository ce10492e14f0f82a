/**
 * The fixed numbers of COCO's evaluation (cocoapi, pycocotools/cocoeval.py, `Params`), spaced as numpy's
 * `linspace` spaces them: a step and its multiples, the end exactly, since a threshold is compared for equality.
 */

function evenlySpaced(from: number, to: number, count: number): readonly number[] {
  const step = (to - from) / (count - 1);
  return Array.from({ length: count }, (_, at) => (at === count - 1 ? to : at * step + from));
}

/** Overlaps from which a detection counts as right: .5, .55, … .95. */
export const overlapThresholds = evenlySpaced(0.5, 0.95, 10);

/** Recalls at which precision is read: 0, .01, … 1. */
export const recallPoints = evenlySpaced(0, 1, 101);

/** How many detections of one category in one image are looked at. */
export const detectionLimits = [1, 10, 100] as const;

/** Area in pixels, both ends included. */
export const areaRanges = [
  { name: 'all', from: 0, to: 1e5 ** 2 },
  { name: 'small', from: 0, to: 32 ** 2 },
  { name: 'medium', from: 32 ** 2, to: 96 ** 2 },
  { name: 'large', from: 96 ** 2, to: 1e5 ** 2 },
] as const;
