/** Alignment: what is known of the tokens between two kept ones. */

/**
 * gap_m = |p_m - p_{m-1}| - 1, the number of pruned tokens that the scan steps over to reach kept token m;
 * gap of the first is 0.
 *
 * @param positions [K] in scan order: rising for the forward direction, falling for the backward one
 */
export function gaps(positions: ArrayLike<number>): Int32Array {
  const result = new Int32Array(positions.length);
  for (let m = 1; m < positions.length; m++) {
    result[m] = Math.abs(positions[m] - positions[m - 1]) - 1;
  }
  return result;
}
