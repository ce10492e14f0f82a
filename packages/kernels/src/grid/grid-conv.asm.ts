/**
 * Depthwise k x k convolution of one image, centred and zero padded, on a grid where only some cells hold a token.
 *
 * Tile by tile of channels, and band by band of grid rows if the grid is large, tokens are laid out on the whole
 * grid in scratch, with zeros in empty cells and k - 1 columns of zeros between rows. Every tap then has a fixed
 * place, and two neighbours in a row, computed at once, share the weights and all but one of the cells they read.
 */
import { EXP1, EXP2, EXP3, EXP4, EXP5, multiplyAdd, ONE, ROUND, silu, splat } from '../common/math.asm';
import { copyFloats, GROUP, SCRATCH, TAIL_ROW, tileWidth, WORKSPACE_BYTES } from '../common/workspace.asm';

/** Largest side of the kernel. */
const MAX_KERNEL: i32 = 11;
/** Cells in scratch at once: at least min(rows, k) · (columns + k - 1). */
const MAX_CELLS: i32 = 3600;
/** Channels that are worked on at once: two cache lines of each row. */
const GRID_TILE: i32 = 32;
/** Bytes of a cell, and of a tap, whatever the width of the tile. */
const CELL: i32 = GRID_TILE * 4;

/** One tile's weights, [k · k, GRID_TILE], and bias. */
const gridTaps: usize = SCRATCH;
const gridBias: usize = gridTaps + MAX_KERNEL * MAX_KERNEL * CELL;
/** The last channels % 8 channels of two tokens, padded. */
const gridTail: usize = gridBias + CELL;
/** One band of the grid, [rows, columns + k - 1, GRID_TILE]. */
const gridCells: usize = gridTail + 2 * TAIL_ROW;

const END: usize = gridCells + MAX_CELLS * CELL;
if (END > WORKSPACE_BYTES) ERROR('the scratch is too small');

/** Strides are bytes from row to row. `cells` may be 0: every cell holds a token. */
export function gridConv(
  length: i32,
  channels: i32,
  kernel: i32,
  rows: i32,
  columns: i32,
  x: usize,
  xStride: i32,
  weight: usize,
  bias: usize,
  cells: usize,
  activate: bool,
  u: usize,
  uStride: i32,
): void {
  const padded = columns + kernel - 1;
  const reach = kernel >> 1;
  const band = min(rows, max(1, MAX_CELLS / padded - 2 * reach));
  let width: i32 = 0;
  for (let tile = 0; tile < channels; tile += width) {
    width = tileWidth(channels - tile, GRID_TILE);
    const isTail = width < GROUP;
    const at = tile << 2;
    loadWeights(width, kernel * kernel, channels, weight + at, bias + at);
    let token = 0;
    for (let firstRow = 0; firstRow < rows; firstRow += band) {
      const endRow = min(firstRow + band, rows);
      const top = max(firstRow - reach, 0);
      const bottom = min(endRow + reach, rows);
      const end = firstAtOrAfter(endRow * columns, length, cells, token);
      fill(top, bottom, columns, padded, reach, width, x + at, xStride, length, cells);
      while (token < end) {
        const cell = cellOf(cells, token);
        const row = cell / columns;
        const column = cell - row * columns;
        const isPair = token + 1 < end && column + 1 < columns && cellOf(cells, token + 1) == cell + 1;
        const firstTapRow = max(row - reach, 0);
        const tapRows = min(row + reach + 1, rows) - firstTapRow;
        const source = gridCells + ((firstTapRow - top) * padded + column) * CELL;
        const taps = gridTaps + (firstTapRow - (row - reach)) * kernel * CELL;
        const target = u + at + token * uStride;
        const out = isTail ? gridTail : target;
        const next = isTail ? gridTail + TAIL_ROW : target + uStride;
        if (isPair) convolvePair(tapRows, kernel, padded, width, source, taps, activate, out, next);
        else convolve(tapRows, kernel, padded, width, source, taps, activate, out);
        if (isTail) {
          copyFloats(target, out, width);
          if (isPair) copyFloats(target + uStride, next, width);
        }
        token += isPair ? 2 : 1;
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function cellOf(cells: usize, token: i32): i32 {
  return cells ? load<i32>(cells + (token << 2)) : token;
}

/** The first token from `start` on whose cell is `cell` or later. */
function firstAtOrAfter(cell: i32, length: i32, cells: usize, start: i32): i32 {
  let token = start;
  while (token < length && cellOf(cells, token) < cell) token++;
  return token;
}

/** weight [k · k, channels] → gridTaps, bias → gridBias, zeros beyond `width` up to a group. */
function loadWeights(width: i32, taps: i32, channels: i32, weight: usize, bias: usize): void {
  if (width < GROUP) memory.fill(gridTaps, 0, (taps + 1) * CELL);
  for (let tap = 0; tap < taps; tap++) {
    copyRow(gridTaps + tap * CELL, weight + ((tap * channels) << 2), width);
  }
  memory.fill(gridBias, 0, CELL);
  copyRow(gridBias, bias, width);
}

/** The tokens in grid rows top … bottom - 1 into their cells of gridCells, zeros elsewhere. */
function fill(
  top: i32,
  bottom: i32,
  columns: i32,
  padded: i32,
  reach: i32,
  width: i32,
  x: usize,
  xStride: i32,
  length: i32,
  cells: usize,
): void {
  memory.fill(gridCells, 0, (bottom - top) * padded * CELL);
  const from = firstAtOrAfter(top * columns, length, cells, 0);
  const end = firstAtOrAfter(bottom * columns, length, cells, from);
  for (let token = from; token < end; token++) {
    const cell = cellOf(cells, token);
    const row = cell / columns;
    const place = (row - top) * padded + (cell - row * columns) + reach;
    copyRow(gridCells + place * CELL, x + token * xStride, width);
  }
}

/** `width` floats: whole groups, or fewer than one. */
// @ts-ignore: decorator
@inline
function copyRow(to: usize, from: usize, width: i32): void {
  if (width < GROUP) {
    copyFloats(to, from, width);
    return;
  }
  for (let at = 0; at < width << 2; at += 32) {
    v128.store(to + at, v128.load(from + at));
    v128.store(to + at, v128.load(from + at, 16), 16);
  }
}

/** One token: `tapRows` rows of k taps, beginning at the cell `source` and the weights `taps`. */
function convolve(
  tapRows: i32,
  kernel: i32,
  padded: i32,
  width: i32,
  source: usize,
  taps: usize,
  activate: bool,
  u: usize,
): void {
  for (let at = 0; at < width << 2; at += 32) {
    let left = v128.load(gridBias + at);
    let right = v128.load(gridBias + at, 16);
    let row = source + at;
    let tap = taps + at;
    for (let i = 0; i < tapRows; i++) {
      const end = row + kernel * CELL;
      for (let cell = row; cell < end; cell += CELL) {
        left = multiplyAdd(v128.load(tap), v128.load(cell), left);
        right = multiplyAdd(v128.load(tap, 16), v128.load(cell, 16), right);
        tap += CELL;
      }
      row += padded * CELL;
    }
    v128.store(u + at, activate ? activated(left) : left);
    v128.store(u + at, activate ? activated(right) : right, 16);
  }
}

/** The same for two tokens side by side. */
function convolvePair(
  tapRows: i32,
  kernel: i32,
  padded: i32,
  width: i32,
  source: usize,
  taps: usize,
  activate: bool,
  u: usize,
  next: usize,
): void {
  for (let at = 0; at < width << 2; at += 32) {
    let left = v128.load(gridBias + at);
    let right = v128.load(gridBias + at, 16);
    let nextLeft = left;
    let nextRight = right;
    let row = source + at;
    let tap = taps + at;
    for (let i = 0; i < tapRows; i++) {
      const end = row + kernel * CELL;
      let xLeft = v128.load(row);
      let xRight = v128.load(row, 16);
      for (let cell = row; cell < end; cell += CELL) {
        const weightLeft = v128.load(tap);
        const weightRight = v128.load(tap, 16);
        left = multiplyAdd(weightLeft, xLeft, left);
        right = multiplyAdd(weightRight, xRight, right);
        xLeft = v128.load(cell, CELL);
        xRight = v128.load(cell, CELL + 16);
        nextLeft = multiplyAdd(weightLeft, xLeft, nextLeft);
        nextRight = multiplyAdd(weightRight, xRight, nextRight);
        tap += CELL;
      }
      row += padded * CELL;
    }
    v128.store(u + at, activate ? activated(left) : left);
    v128.store(u + at, activate ? activated(right) : right, 16);
    v128.store(next + at, activate ? activated(nextLeft) : nextLeft);
    v128.store(next + at, activate ? activated(nextRight) : nextRight, 16);
  }
}

function activated(x: v128): v128 {
  return silu(x, splat(ROUND), splat(EXP5), splat(EXP4), splat(EXP3), splat(EXP2), splat(EXP1), splat(ONE));
}
