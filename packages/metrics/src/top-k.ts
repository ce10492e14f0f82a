/** Ranking of classes by their logits. */

export type Logits = Float32Array | Float64Array | readonly number[];

/**
 * The `k` classes with the largest logits, best first; among equal logits the lower class comes first. A class
 * whose logit is NaN is in no ranking.
 *
 * @param logits [rows, classes] or one row of it
 * @param classes number of classes
 * @param k more than `classes` gives all of them
 * @param row which row. Default: 0
 */
export function topK(logits: Logits, classes: number, k: number, row = 0): number[] {
  const start = row * classes;
  const best: number[] = [];
  for (let label = 0; label < classes; label++) {
    const value = logits[start + label];
    if (Number.isNaN(value)) continue;
    let place = best.length;
    while (place > 0 && logits[start + best[place - 1]] < value) place--;
    if (place < k) {
      best.splice(place, 0, label);
      if (best.length > k) best.pop();
    }
  }
  return best;
}
