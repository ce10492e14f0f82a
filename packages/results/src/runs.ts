/**
 * Runs of equal numbers: how results hold masks and label maps. `[value, length, value, length, …]`, row by row from
 * the top; lengths are at least 1 and add up to height · width.
 */

/** @param values [height, width], whole numbers from 0 */
export function encodeRuns(values: ArrayLike<number>): number[] {
  const runs: number[] = [];
  for (let at = 0; at < values.length; at++) {
    if (at > 0 && values[at] === values[at - 1]) runs[runs.length - 1]++;
    else runs.push(values[at], 1);
  }
  return runs;
}

/** @param runs of `size` values; see `runsProblem` for those of strangers */
export function decodeRuns(runs: readonly number[], size: number): Uint16Array {
  const values = new Uint16Array(size);
  for (let at = 0, place = 0; at < runs.length; at += 2) {
    values.fill(runs[at], place, place + runs[at + 1]);
    place += runs[at + 1];
  }
  return values;
}

/** What is wrong with runs that should fill `size` places with values below `values`; null where nothing is. */
export function runsProblem(runs: readonly number[], size: number, values: number): string | null {
  if (runs.length % 2 !== 0) return 'runs must be pairs of value and length';
  let filled = 0;
  for (let at = 0; at < runs.length; at += 2) {
    if (runs[at] >= values) return `runs hold ${runs[at]}, of ${values} values`;
    if (runs[at + 1] < 1) return 'runs must not be empty';
    filled += runs[at + 1];
    if (filled > size) return `runs fill more than the picture's ${size} pixels`;
  }
  return filled === size ? null : `runs fill ${filled} of the picture's ${size} pixels`;
}
