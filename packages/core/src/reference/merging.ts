/** Merging of tokens: their rows before the step → the same with what joins them in the destinations' rows. */
import { combination, type Operation, type Pair, type StreamName } from '../pruning/operation.ts';

/** What goes where; see `Merging` in pruning.ts. */
interface Joined {
  readonly operation: Exclude<Operation, 'drop'>;
  readonly pairs: readonly Pair[];
  readonly sizes: ArrayLike<number>;
}

/** rows [L, width] → [L, width]; rows of tokens that leave are as they were. */
export function combineRows(
  rows: Float64Array,
  width: number,
  { operation, pairs, sizes }: Joined,
  stream: StreamName,
): Float64Array {
  const { own, shares } = combination(operation, stream, pairs, sizes);
  const combined = rows.map((value, i) => value * own[Math.floor(i / width)]);
  for (const [i, [from, to]] of pairs.entries()) {
    for (let column = 0; column < width; column++) {
      combined[to * width + column] += shares[i] * rows[from * width + column];
    }
  }
  return combined;
}
