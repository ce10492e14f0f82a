/** Where the token of every cell of a grid lies, when some left after one block and others after another. */
import type { Places } from '@vssm/backend-cpu';

/**
 * Rows of the cells' tokens in the streams, one under another; a cell's is that of the last stream that it lives in.
 *
 * @param to [images · cells]
 * @param streams where the tokens of each stand, in the order of the blocks
 */
export function fillCells(to: Int32Array, streams: readonly Places[]): void {
  const cells = to.length / streams[0].positions.length;
  let first = 0;
  for (const { positions, live, length } of streams) {
    for (const [image, own] of positions.entries()) {
      for (const [token, cell] of own.entries()) {
        if (live?.[image][token] !== 0) to[image * cells + cell] = first + image * length + token;
      }
    }
    first += positions.length * length;
  }
}
