/** The tables that snakeScan walks along, made from a grid's full snakes and the cells that still hold a token. */
import { type ScanOrder, scanDirections } from '@vssm/core';

/** [B, 4, K] each, as SnakeScanOptions has them; views of the kernels' memory, for instance. */
export interface SnakeTables {
  readonly orders: Int32Array;
  readonly moves: Int32Array;
  readonly gaps: Int32Array;
}

/**
 * What keptOrder of core says, for each image and direction, in one walk along each snake.
 *
 * @param snakes snakeOrders(rows, columns)
 * @param cells [B, K]: raster indices of each image's kept cells, rising
 */
export function fillSnakeTables(
  snakes: readonly ScanOrder[],
  cells: Int32Array,
  batch: number,
  tables: SnakeTables,
): void {
  const length = cells.length / batch;
  const tokenAt = new Int32Array(snakes[0].cells.length);
  for (let image = 0; image < batch; image++) {
    tokenAt.fill(-1);
    for (let token = 0; token < length; token++) tokenAt[cells[image * length + token]] = token;
    for (const [direction, snake] of snakes.entries()) {
      const first = (image * scanDirections + direction) * length;
      let at = first;
      let before = 0;
      for (let rank = 0; rank < snake.cells.length; rank++) {
        const token = tokenAt[snake.cells[rank]];
        if (token < 0) continue;
        tables.orders[at] = token;
        tables.moves[at] = snake.moves[rank];
        tables.gaps[at] = at === first ? 0 : rank - before - 1;
        before = rank;
        at++;
      }
    }
  }
}
