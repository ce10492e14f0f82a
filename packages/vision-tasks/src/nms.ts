/** Greedy non-maximum suppression within groups (classes or pyramid levels). */
import { byScore } from './best.ts';

export interface Candidates {
  /** [n, 4]: x1, y1, x2, y2 */
  readonly boxes: Float64Array;
  /** [n] */
  readonly scores: Float64Array;
  /** [n]: only boxes of one group suppress each other. */
  readonly groups: Int32Array;
}

/**
 * Goes through the candidates by falling score (the lowest index first among equals) and drops every box of the same
 * group whose IoU with a kept one is above the threshold. Upstream separates the groups by shifting their boxes
 * apart, which is the same without its rounding. Two boxes without area have no IoU and do not suppress each other.
 *
 * @param eligible indices to look at; default all
 * @returns indices of the kept candidates, by falling score
 */
export function nonMaximumSuppression(
  { boxes, scores, groups }: Candidates,
  iouThreshold: number,
  eligible: Iterable<number> = scores.keys(),
): number[] {
  const keptOf = new Map<number, number[]>();
  return byScore(scores, eligible).filter((candidate) => {
    let kept = keptOf.get(groups[candidate]);
    if (kept === undefined) {
      kept = [];
      keptOf.set(groups[candidate], kept);
    }
    if (kept.some((other) => intersectionOverUnion(boxes, candidate, other) > iouThreshold)) return false;
    kept.push(candidate);
    return true;
  });
}

/** NaN where neither box has an area. */
export function intersectionOverUnion(boxes: ArrayLike<number>, first: number, second: number): number {
  const [a, b] = [4 * first, 4 * second];
  const width = Math.min(boxes[a + 2], boxes[b + 2]) - Math.max(boxes[a], boxes[b]);
  const height = Math.min(boxes[a + 3], boxes[b + 3]) - Math.max(boxes[a + 1], boxes[b + 1]);
  const shared = Math.max(width, 0) * Math.max(height, 0);
  return shared / (area(boxes, a) + area(boxes, b) - shared);
}

function area(boxes: ArrayLike<number>, at: number): number {
  return (boxes[at + 2] - boxes[at]) * (boxes[at + 3] - boxes[at + 1]);
}
