/** Some columns of some rows of a matrix in the kernels' memory, for plain code. */
import type { Matrix } from './buffers.ts';

/** Columns `from` … of `length` rows from row `first` on, as they are where they are all of them, else a copy. */
export function columnsOf(
  buffer: ArrayBuffer,
  { at, columns }: Matrix,
  first: number,
  length: number,
  from: number,
  count: number,
): Float32Array {
  const all = new Float32Array(buffer, at + 4 * first * columns, length * columns);
  if (count === columns) return all;
  return Float32Array.from({ length: length * count }, (_, i) => {
    return all[Math.floor(i / count) * columns + from + (i % count)];
  });
}
