/** Contributions as a picture's map: what part of what the classifier reads comes from each cell of the grid. */
import { cellOf, type ModelSpec, tokenGrid } from '@vssm/families';
import type { Contributions } from './backend.ts';

/**
 * In every block the contributions of the tokens that stand for cells are parts of their sum; the map is the mean of
 * these parts over the blocks, [H·W] in raster order, 1 in all. A token that is gone has 0 in later blocks, as has a
 * block that reads no cell; the classifier's tokens themselves, which stand for no cell, are left out.
 *
 * @param contributions of one image
 * @param only this 1-based block; default: the mean over all of them
 * @throws RangeError for a block that is not among them
 */
export function contributionMap(spec: ModelSpec, contributions: Contributions, only?: number): Float64Array {
  const { height, width } = tokenGrid(spec);
  const map = new Float64Array(height * width);
  const blocks = only === undefined ? [...contributions.keys()] : [only];
  for (const block of blocks) {
    const own = contributions.get(block);
    if (own === undefined) throw new RangeError(`no contributions of block ${block}`);
    const cells = Array.from(own.positions, (position) => cellOf(spec, position));
    const total = cells.reduce<number>((sum, cell, i) => sum + (cell === null ? 0 : own.scores[i]), 0);
    if (total === 0) continue;
    for (const [i, cell] of cells.entries()) {
      if (cell !== null) map[cell] += own.scores[i] / total / blocks.length;
    }
  }
  return map;
}
