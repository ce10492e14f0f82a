/**
 * The gradient of the depthwise k x k convolution of one image on a grid where only some cells hold a token;
 * backward-grid.ts says what it is.
 *
 * Four channels at a time: x is laid out on the whole grid, with zeros in empty cells and k - 1 columns of zeros
 * between rows; the sum before the activation is computed again and its gradient ds laid out the same way. Then dx is
 * the convolution of ds with the taps in reverse, and the gradient of a tap is one sum over the tokens.
 */
import { sigmoid, siluSlope } from './backward-math.asm';
import { EXP1, EXP2, EXP3, EXP4, EXP5, multiplyAdd, ONE, ROUND, splat } from '../common/math.asm';

const VECTOR: usize = 16;

/** [cells of the padded grid, 4] each, and [k · k, 4]. */
let gridX: usize = 0;
let gridDs: usize = 0;
let gridTaps: usize = 0;

/** Strides are bytes, `channels` is a multiple of 4; `cells` may be 0: every cell holds a token. */
export function gridConvBackward(
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
  du: usize,
  duStride: i32,
  dx: usize,
  dxStride: i32,
  dWeight: usize,
  dBias: usize,
  scratch: usize,
): void {
  const reach = kernel >> 1;
  const padded = columns + kernel - 1;
  const grid = <usize>(rows * padded) * VECTOR;
  gridX = scratch;
  gridDs = gridX + grid;
  gridTaps = gridDs + grid;
  memory.fill(gridX, 0, 2 * grid);
  const taps = kernel * kernel;
  const round = splat(ROUND);
  const c5 = splat(EXP5);
  const c4 = splat(EXP4);
  const c3 = splat(EXP3);
  const c2 = splat(EXP2);
  const c1 = splat(EXP1);
  const one = splat(ONE);
  for (let first = 0; first < channels; first += 4) {
    const at = <usize>first << 2;
    for (let tap = 0; tap < taps; tap++) {
      v128.store(gridTaps + <usize>tap * VECTOR, v128.load(weight + (<usize>(tap * channels) << 2) + at));
    }
    // The cells of the last channels' tokens are these tokens' too.
    for (let token = 0; token < length; token++) {
      v128.store(gridX + place(cellOf(cells, token), columns, padded, reach), v128.load(x + at + token * xStride));
    }
    const ownBias = v128.load(bias + at);
    let sum = v128.load(dBias + at);
    for (let token = 0; token < length; token++) {
      const cell = cellOf(cells, token);
      let ds = v128.load(du + at + token * duStride);
      if (activate) {
        const before = f32x4.add(ownBias, convolve(gridX, cell, rows, columns, padded, kernel, false));
        ds = f32x4.mul(ds, siluSlope(before, sigmoid(before, round, c5, c4, c3, c2, c1, one), one));
      }
      sum = f32x4.add(sum, ds);
      v128.store(gridDs + place(cell, columns, padded, reach), ds);
    }
    v128.store(dBias + at, sum);
    for (let token = 0; token < length; token++) {
      const own = convolve(gridDs, cellOf(cells, token), rows, columns, padded, kernel, true);
      v128.store(dx + at + token * dxStride, own);
    }
    for (let tap = 0; tap < taps; tap++) {
      const to = dWeight + (<usize>(tap * channels) << 2) + at;
      v128.store(to, f32x4.add(v128.load(to), sumTap(tap, length, rows, columns, padded, kernel, cells)));
    }
  }
}

// @ts-ignore: decorator
@inline
function cellOf(cells: usize, token: i32): i32 {
  return cells ? load<i32>(cells + (token << 2)) : token;
}

/** Bytes from the first cell of the padded grid to a cell's own place. */
// @ts-ignore: decorator
@inline
function place(cell: i32, columns: i32, padded: i32, reach: i32): usize {
  const row = cell / columns;
  return <usize>(row * padded + cell - row * columns + reach) * VECTOR;
}

/** Sum of taps times cells around a cell; `reversed`: the last tap meets the first cell. */
function convolve(
  from: usize,
  cell: i32,
  rows: i32,
  columns: i32,
  padded: i32,
  kernel: i32,
  reversed: bool,
): v128 {
  const reach = kernel >> 1;
  const row = cell / columns;
  const firstRow = max(reach - row, 0);
  const endRow = min(rows - row + reach, kernel);
  const step = reversed ? -VECTOR : VECTOR;
  let sum = f32x4.splat(0);
  let source = from + <usize>((row + firstRow - reach) * padded + cell - row * columns) * VECTOR;
  for (let i = firstRow; i < endRow; i++) {
    let tap = gridTaps + <usize>(reversed ? (kernel - 1 - i) * kernel + kernel - 1 : i * kernel) * VECTOR;
    const end = source + <usize>kernel * VECTOR;
    for (let at = source; at < end; at += VECTOR) {
      sum = multiplyAdd(v128.load(tap), v128.load(at), sum);
      tap += step;
    }
    source += <usize>padded * VECTOR;
  }
  return sum;
}

/** Σ ds · x over the tokens for which a tap lies on the grid's rows. */
function sumTap(tap: i32, length: i32, rows: i32, columns: i32, padded: i32, kernel: i32, cells: usize): v128 {
  const reach = kernel >> 1;
  const down = tap / kernel - reach;
  const offset = <isize>(down * padded + (tap % kernel) - reach) * VECTOR;
  let sum = f32x4.splat(0);
  for (let token = 0; token < length; token++) {
    const cell = cellOf(cells, token);
    const row = cell / columns + down;
    if (row < 0 || row >= rows) continue;
    const at = place(cell, columns, padded, reach);
    sum = multiplyAdd(v128.load(gridDs + at), v128.load(gridX + at + offset), sum);
  }
  return sum;
}
