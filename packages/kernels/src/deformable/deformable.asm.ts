/**
 * The middle of multi-scale deformable attention; deformable.ts says what it is.
 *
 * A head of a query first lists the cells that its points lie between, each with its share, those outside left out;
 * then it adds their values up, eight channels at a time.
 */
import { EXP1, EXP2, EXP3, EXP4, EXP5, exp2, LOWEST, multiplyAdd, ONE, ROUND, splat } from '../common/math.asm';
import { copyFloats, SCRATCH, WORKSPACE_BYTES } from '../common/workspace.asm';

const LOG2E: f32 = 1.4426950408889634;
const MAX_SAMPLES: i32 = 64;

/** Shares of the softmax, whole vectors. */
const shares: usize = SCRATCH;
/** Address and share of each corner, 8 bytes. */
const corners: usize = shares + MAX_SAMPLES * 4;
/** What does not fill a vector. */
const tail: usize = corners + 4 * MAX_SAMPLES * 8;
if (tail + 16 > WORKSPACE_BYTES) ERROR('the scratch is too small');

/** Strides are bytes from row to row. */
export function deformable(
  queries: i32,
  channels: i32,
  heads: i32,
  points: i32,
  levels: i32,
  grids: usize,
  references: usize,
  referencesStride: i32,
  offsets: usize,
  offsetsStride: i32,
  scores: usize,
  scoresStride: i32,
  values: usize,
  valuesStride: i32,
  to: usize,
  toStride: i32,
): void {
  const samples = levels * points;
  const width = channels / heads;
  for (let query = 0; query < queries; query++) {
    const x = load<f32>(references);
    const y = load<f32>(references, 4);
    let offset = offsets;
    for (let head = 0; head < heads; head++) {
      softmax(scores + ((head * samples) << 2), samples);
      let share = shares;
      let from = values + ((head * width) << 2);
      let end = corners;
      for (let level = 0; level < levels; level++) {
        const rows = load<i32>(grids + (level << 3));
        const columns = load<i32>(grids + (level << 3), 4);
        const ownX = x * <f32>columns - 0.5;
        const ownY = y * <f32>rows - 0.5;
        for (let point = 0; point < points; point++) {
          end = addPoint(
            end,
            from,
            valuesStride,
            rows,
            columns,
            ownX + load<f32>(offset),
            ownY + load<f32>(offset, 4),
            load<f32>(share),
          );
          offset += 8;
          share += 4;
        }
        from += <usize>rows * <usize>columns * <usize>valuesStride;
      }
      sumCorners(end, width, to + ((head * width) << 2));
    }
    references += referencesStride;
    offsets += offsetsStride;
    scores += scoresStride;
    to += toStride;
  }
}

/** Of `count` scores to `shares`. */
function softmax(scores: usize, count: i32): void {
  let largest = load<f32>(scores);
  for (let i = 1; i < count; i++) largest = max(largest, load<f32>(scores + (i << 2)));
  for (let i = 0; i < count; i++) {
    store<f32>(shares + (i << 2), (load<f32>(scores + (i << 2)) - largest) * LOG2E);
  }
  for (let at = 0; at < count << 2; at += 16) {
    const exponent = f32x4.pmax(splat(LOWEST), v128.load(shares + at));
    const power = exp2(
      exponent,
      splat(ROUND),
      splat(EXP5),
      splat(EXP4),
      splat(EXP3),
      splat(EXP2),
      splat(EXP1),
      splat(ONE),
    );
    v128.store(shares + at, power);
  }
  let sum: f32 = 0;
  for (let i = 0; i < count; i++) sum += load<f32>(shares + (i << 2));
  const scale: f32 = 1 / sum;
  for (let i = 0; i < count; i++) store<f32>(shares + (i << 2), load<f32>(shares + (i << 2)) * scale);
}

/** The cells around x, y of one level, whose values begin at `values`; returns the end of the list. */
function addPoint(
  end: usize,
  values: usize,
  stride: i32,
  height: i32,
  width: i32,
  x: f32,
  y: f32,
  share: f32,
): usize {
  // Also false where one of them is no number.
  if (!(x > -1 && x < <f32>width && y > -1 && y < <f32>height)) return end;
  const left = <i32>floor(x);
  const top = <i32>floor(y);
  const rightShare = x - <f32>left;
  const bottomShare = y - <f32>top;
  let from = values + (top * width + left) * stride;
  let next = end;
  if (top >= 0) {
    if (left >= 0) next = addCorner(next, from, share * (1 - bottomShare) * (1 - rightShare));
    if (left + 1 < width) next = addCorner(next, from + stride, share * (1 - bottomShare) * rightShare);
  }
  from += width * stride;
  if (top + 1 < height) {
    if (left >= 0) next = addCorner(next, from, share * bottomShare * (1 - rightShare));
    if (left + 1 < width) next = addCorner(next, from + stride, share * bottomShare * rightShare);
  }
  return next;
}

// @ts-ignore: decorator
@inline
function addCorner(end: usize, from: usize, share: f32): usize {
  store<u32>(end, <u32>from);
  store<f32>(end, share, 4);
  return end + 8;
}

function sumCorners(end: usize, width: i32, to: usize): void {
  const bytes = width << 2;
  let at = 0;
  for (; at + 32 <= bytes; at += 32) {
    let left = f32x4.splat(0);
    let right = f32x4.splat(0);
    for (let corner = corners; corner < end; corner += 8) {
      const from = <usize>load<u32>(corner) + at;
      const share = v128.load32_splat(corner, 4);
      left = multiplyAdd(share, v128.load(from), left);
      right = multiplyAdd(share, v128.load(from, 16), right);
    }
    v128.store(to + at, left);
    v128.store(to + at, right, 16);
  }
  for (; at < bytes; at += 16) {
    const lanes = min(4, (bytes - at) >> 2);
    let sum = f32x4.splat(0);
    for (let corner = corners; corner < end; corner += 8) {
      const from = <usize>load<u32>(corner) + at;
      copyFloats(tail, from, lanes);
      sum = multiplyAdd(v128.load32_splat(corner, 4), v128.load(tail), sum);
    }
    v128.store(tail, sum);
    copyFloats(to + at, tail, lanes);
  }
}
