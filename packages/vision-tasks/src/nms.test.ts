import { describe, expect, it } from 'vitest';
import { best } from './best.ts';
import { intersectionOverUnion, nonMaximumSuppression } from './nms.ts';

const candidates = (boxes: number[][], scores: number[], groups = scores.map(() => 0)) => ({
  boxes: Float64Array.from(boxes.flat()),
  scores: Float64Array.from(scores),
  groups: Int32Array.from(groups),
});

describe('non-maximum suppression', () => {
  const square = [0, 0, 2, 2];
  const half = [0, 0, 2, 1];

  it('keeps a box whose IoU is exactly the threshold', () => {
    expect(nonMaximumSuppression(candidates([square, half], [0.9, 0.8]), 0.5)).toEqual([0, 1]);
    expect(nonMaximumSuppression(candidates([square, half], [0.9, 0.8]), 0.49)).toEqual([0]);
  });

  it('takes the lowest index first among equal scores', () => {
    expect(nonMaximumSuppression(candidates([square, square], [0.5, 0.5]), 0.5)).toEqual([0]);
  });

  it('leaves other groups alone', () => {
    expect(nonMaximumSuppression(candidates([square, square], [0.4, 0.5], [1, 2]), 0.5)).toEqual([1, 0]);
  });

  it('a dropped box suppresses nothing', () => {
    const chain = [
      [0, 0, 10, 1],
      [4, 0, 14, 1],
      [8, 0, 18, 1],
    ];
    expect(nonMaximumSuppression(candidates(chain, [0.9, 0.8, 0.7]), 0.3)).toEqual([0, 2]);
  });

  it('boxes without area do not suppress each other', () => {
    const point = [1, 1, 1, 1];
    expect(intersectionOverUnion([...point, ...point], 0, 1)).toBeNaN();
    expect(nonMaximumSuppression(candidates([point, point], [0.9, 0.8]), 0.5)).toEqual([0, 1]);
  });
});

describe('the best of many', () => {
  it('equals a stable sort, ties at the border included', () => {
    const scores = Float64Array.from({ length: 200 }, (_, i) => Math.round(5 * Math.sin(i * 12.9898)) / 5);
    const sorted = [...scores.keys()].sort((a, b) => scores[b] - scores[a]);
    for (const count of [0, 1, 17, 100, 199, 200, 300])
      expect(best(scores, count)).toEqual(sorted.slice(0, count));
  });
});
