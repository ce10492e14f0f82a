/**
 * A product of matrices; matmul.ts says what it is.
 *
 * Panel by panel of B, eight columns wide, packed with alpha on it. Every panel meets all rows of A, four at a time,
 * whose sums stay in registers.
 */
import { multiplyAdd } from '../common/math.asm';
import { copyFloats, SCRATCH } from '../common/workspace.asm';

const WIDE: i32 = 8;
const DEEP: i32 = 256;
/** Bytes of a panel's row. */
const ROW: i32 = WIDE * 4;

/** [DEEP, WIDE], then a tile of four rows whose columns do not fill one. */
const panel: usize = SCRATCH;
const spare: usize = panel + DEEP * ROW;

/** Strides are bytes from row to row; `plus` may be 0, and its stride 0 for one row that is added to all. */
export function matmul(
  rows: i32,
  inner: i32,
  columns: i32,
  a: usize,
  aStride: i32,
  transA: bool,
  b: usize,
  bStride: i32,
  transB: bool,
  alpha: f32,
  plus: usize,
  plusStride: i32,
  to: usize,
  toStride: i32,
): void {
  const aRow = transA ? 4 : aStride;
  const aInner = transA ? aStride : 4;
  for (let first = 0; first < inner; first += DEEP) {
    const depth = min(DEEP, inner - first);
    const begin = first == 0 ? plus : to;
    const beginStride = first == 0 ? plusStride : toStride;
    for (let column = 0; column < columns; column += WIDE) {
      const width = min(WIDE, columns - column);
      pack(b, bStride, transB, alpha, first, depth, column, width);
      let row = 0;
      while (row < rows) {
        const tall = rows - row >= 4 ? 4 : 1;
        const from = a + row * aRow + first * aInner;
        const initial = begin ? begin + row * beginStride + (column << 2) : 0;
        const out = to + row * toStride + (column << 2);
        if (width == WIDE) tile(tall, depth, from, aRow, aInner, initial, beginStride, out, toStride);
        else {
          for (let i = 0; initial && i < tall; i++) copyFloats(spare + i * ROW, initial + i * beginStride, width);
          tile(tall, depth, from, aRow, aInner, initial ? spare : 0, ROW, spare, ROW);
          for (let i = 0; i < tall; i++) copyFloats(out + i * toStride, spare + i * ROW, width);
        }
        row += tall;
      }
    }
  }
}

function pack(b: usize, bStride: i32, transB: bool, alpha: f32, first: i32, depth: i32, column: i32, width: i32): void {
  if (width < WIDE) memory.fill(panel, 0, depth * ROW);
  const rowStep = transB ? 4 : bStride;
  const columnStep = transB ? bStride : 4;
  for (let k = 0; k < depth; k++) {
    const from = b + (first + k) * rowStep + column * columnStep;
    for (let j = 0; j < width; j++) store<f32>(panel + k * ROW + (j << 2), alpha * load<f32>(from + j * columnStep));
  }
}

function tile(
  tall: i32,
  depth: i32,
  a: usize,
  aRow: i32,
  aInner: i32,
  begin: usize,
  beginStride: i32,
  to: usize,
  toStride: i32,
): void {
  if (tall == 4) tileOfFour(depth, a, aRow, aInner, begin, beginStride, to, toStride);
  else tileOfOne(depth, a, aInner, begin, to);
}

function tileOfFour(
  depth: i32,
  a: usize,
  aRow: i32,
  aInner: i32,
  begin: usize,
  beginStride: i32,
  to: usize,
  toStride: i32,
): void {
  const zero = f32x4.splat(0);
  let left0 = begin ? v128.load(begin) : zero;
  let right0 = begin ? v128.load(begin, 16) : zero;
  let left1 = begin ? v128.load(begin + beginStride) : zero;
  let right1 = begin ? v128.load(begin + beginStride, 16) : zero;
  let left2 = begin ? v128.load(begin + 2 * beginStride) : zero;
  let right2 = begin ? v128.load(begin + 2 * beginStride, 16) : zero;
  let left3 = begin ? v128.load(begin + 3 * beginStride) : zero;
  let right3 = begin ? v128.load(begin + 3 * beginStride, 16) : zero;
  let at = panel;
  const end = panel + depth * ROW;
  while (at < end) {
    const left = v128.load(at);
    const right = v128.load(at, 16);
    const x0 = v128.load32_splat(a);
    const x1 = v128.load32_splat(a + aRow);
    const x2 = v128.load32_splat(a + 2 * aRow);
    const x3 = v128.load32_splat(a + 3 * aRow);
    left0 = multiplyAdd(x0, left, left0);
    right0 = multiplyAdd(x0, right, right0);
    left1 = multiplyAdd(x1, left, left1);
    right1 = multiplyAdd(x1, right, right1);
    left2 = multiplyAdd(x2, left, left2);
    right2 = multiplyAdd(x2, right, right2);
    left3 = multiplyAdd(x3, left, left3);
    right3 = multiplyAdd(x3, right, right3);
    a += aInner;
    at += ROW;
  }
  v128.store(to, left0);
  v128.store(to, right0, 16);
  v128.store(to + toStride, left1);
  v128.store(to + toStride, right1, 16);
  v128.store(to + 2 * toStride, left2);
  v128.store(to + 2 * toStride, right2, 16);
  v128.store(to + 3 * toStride, left3);
  v128.store(to + 3 * toStride, right3, 16);
}

function tileOfOne(depth: i32, a: usize, aInner: i32, begin: usize, to: usize): void {
  let left = begin ? v128.load(begin) : f32x4.splat(0);
  let right = begin ? v128.load(begin, 16) : f32x4.splat(0);
  let at = panel;
  const end = panel + depth * ROW;
  while (at < end) {
    const x = v128.load32_splat(a);
    left = multiplyAdd(x, v128.load(at), left);
    right = multiplyAdd(x, v128.load(at, 16), right);
    a += aInner;
    at += ROW;
  }
  v128.store(to, left);
  v128.store(to, right, 16);
}
