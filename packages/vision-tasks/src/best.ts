/** The best scores of many, best first, the lowest index first among equals. */
import type { Numbers } from './maps.ts';

/** Indices by falling score. */
export function byScore(scores: ArrayLike<number>, indices: Iterable<number>): number[] {
  return [...indices].sort((a, b) => scores[b] - scores[a] || a - b);
}

/** Indices of the `count` best scores, best first; only those are sorted. */
export function best(scores: Numbers, count: number): number[] {
  if (scores.length <= count) return byScore(scores, scores.keys());
  const threshold = scores.slice().sort()[scores.length - count];
  const above: number[] = [];
  const equal: number[] = [];
  for (let i = 0; i < scores.length; i++) {
    if (scores[i] > threshold) above.push(i);
    else if (scores[i] === threshold && equal.length < count) equal.push(i);
  }
  return [...byScore(scores, above), ...equal].slice(0, count);
}
