/** From matched detections of one category to precision at given recalls, and to the recall that is reached. */
import { overlapThresholds, recallPoints } from './protocol.ts';
import type { CategoryRecord } from './record.ts';

/** Of one category, area range and limit; per overlap threshold. */
export interface Curve {
  /** [overlap thresholds][recall points]. */
  readonly precision: readonly Float64Array[];
  /** [overlap thresholds]. */
  readonly recall: Float64Array;
}

/** Detections, surest first; among equal scores by image, then in the order within the image. */
export function bySureness({ scores, images, ranks }: CategoryRecord): Uint32Array {
  return Uint32Array.from(scores.keys()).sort(
    (a, b) => scores[b] - scores[a] || images[a] - images[b] || ranks[a] - ranks[b],
  );
}

/**
 * @param order what `bySureness` gave
 * @param range index of the area range
 * @param limit how many detections of an image count
 * @returns undefined when there is nothing to find: the figures are then undefined too
 */
export function accumulate(
  record: CategoryRecord,
  order: Uint32Array,
  range: number,
  limit: number,
): Curve | undefined {
  const wanted = record.wanted[range];
  if (wanted === 0) return undefined;
  const within = order.filter((detection) => record.ranks[detection] < limit);
  const matched = Uint16Array.from(within, (detection) => record.matched[range][detection]);
  const ignored = Uint16Array.from(within, (detection) => record.ignored[range][detection]);
  const recall = new Float64Array(overlapThresholds.length);
  const precision = overlapThresholds.map((_, index) => {
    const { recalls, precisions } = along(matched, ignored, 1 << index, wanted);
    recall[index] = recalls.at(-1) ?? 0;
    return atRecallPoints(recalls, precisions);
  });
  return { precision, recall };
}

/** Recall and precision after each detection. */
function along(matched: Uint16Array, ignored: Uint16Array, bit: number, wanted: number) {
  const recalls = new Float64Array(matched.length);
  const precisions = new Float64Array(matched.length);
  let right = 0;
  let wrong = 0;
  for (let at = 0; at < matched.length; at++) {
    if ((ignored[at] & bit) === 0) {
      if ((matched[at] & bit) === 0) wrong++;
      else right++;
    }
    recalls[at] = right / wanted;
    precisions[at] = right / (wrong + right + Number.EPSILON);
  }
  return { recalls, precisions };
}

/** The best precision at each recall or beyond it; 0 at recalls that are not reached. */
function atRecallPoints(recalls: Float64Array, precisions: Float64Array): Float64Array {
  for (let at = precisions.length - 1; at > 0; at--) {
    if (precisions[at] > precisions[at - 1]) precisions[at - 1] = precisions[at];
  }
  const read = new Float64Array(recallPoints.length);
  let at = 0;
  for (const [point, recall] of recallPoints.entries()) {
    while (at < recalls.length && recalls[at] < recall) at++;
    if (at === recalls.length) break;
    read[point] = precisions[at];
  }
  return read;
}
