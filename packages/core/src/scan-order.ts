/**
 * Orders in which tokens are scanned: the two directions of a sequence, and the four snakes over a grid of cells,
 * numbered in raster order (a snake by rows that starts to the right, its reverse, a snake by columns that starts
 * downwards, and its reverse: get_permute_order of ChenhongyiYang/PlainMamba).
 */

/** Along the sequence, or against it. */
export type Direction = 'forward' | 'backward';

/** The move into a cell: the row of direction_Bs that is added to B. */
export const moves = { start: 0, right: 1, left: 2, up: 3, down: 4 } as const;

/** Rows of direction_Bs: start, right, left, up, down. */
export const directionIds = 5;

export interface ScanOrder {
  /** [L]: the raster index of the cell visited at each step. */
  readonly cells: Int32Array;
  /** [L]: at which step each cell is visited, the inverse of `cells`. */
  readonly ranks: Int32Array;
  /** [L]: the move into the cell of each step. */
  readonly moves: Uint8Array;
}

export const scanDirections = 4;

/** The four orders over a grid, upstream's 0 to 3. */
export function snakeOrders(rows: number, columns: number): readonly ScanOrder[] {
  const byRows = Array.from({ length: rows }, (_, row) =>
    alternating(columns, row).map((column) => row * columns + column),
  ).flat();
  const byColumns = Array.from({ length: columns }, (_, column) =>
    alternating(rows, column).map((row) => row * columns + column),
  ).flat();
  return [byRows, byRows.toReversed(), byColumns, byColumns.toReversed()].map((cells) =>
    scanOrder(cells, columns),
  );
}

/** 0 … count - 1, backwards on odd lines. */
function alternating(count: number, line: number): number[] {
  const forwards = Array.from({ length: count }, (_, i) => i);
  return line % 2 === 0 ? forwards : forwards.reverse();
}

function scanOrder(cells: readonly number[], columns: number): ScanOrder {
  const ranks = new Int32Array(cells.length);
  for (const [step, cell] of cells.entries()) ranks[cell] = step;
  return {
    cells: Int32Array.from(cells),
    ranks,
    moves: Uint8Array.from(cells, (cell, step) =>
      step === 0 ? moves.start : move(cells[step - 1], cell, columns),
    ),
  };
}

function move(from: number, to: number, columns: number): number {
  if (Math.floor(from / columns) === Math.floor(to / columns)) return to > from ? moves.right : moves.left;
  return to > from ? moves.down : moves.up;
}

/** One direction over the tokens that are left. */
export interface KeptOrder {
  /** [K]: index, among the kept tokens in position order, of the token visited at each step. */
  readonly order: Int32Array;
  /** [K]: the move into that token's cell in the full snake. */
  readonly moves: Uint8Array;
  /** [K]: cells that the full snake visits between this step and the one before; 0 at the first. */
  readonly gaps: Int32Array;
}

/**
 * What pruning leaves of a scan order: the kept tokens in the order of their ranks along the full snake.
 *
 * @param positions [K]: raster indices of the kept cells, rising
 */
export function keptOrder(full: ScanOrder, positions: ArrayLike<number>): KeptOrder {
  const tokenAt = new Int32Array(full.ranks.length).fill(-1);
  for (let token = 0; token < positions.length; token++) tokenAt[full.ranks[positions[token]]] = token;
  const order = new Int32Array(positions.length);
  const moves = new Uint8Array(positions.length);
  const gaps = new Int32Array(positions.length);
  let [step, before] = [0, 0];
  for (const [rank, token] of tokenAt.entries()) {
    if (token === -1) continue;
    order[step] = token;
    moves[step] = full.moves[rank];
    gaps[step] = step === 0 ? 0 : rank - before - 1;
    before = rank;
    step++;
  }
  return { order, moves, gaps };
}
