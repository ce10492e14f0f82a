/**
 * Depthwise causal convolution, bias and SiLU of one sequence in one direction. A tap at distance j reads the
 * token j places earlier in scan order (later in memory when going backward), or, given positions, the kept
 * token whose position is exactly j away; a tap without a token reads zeros.
 */
import { EXP1, EXP2, EXP3, EXP4, EXP5, multiplyAdd, ONE, ROUND, silu, splat } from '../common/math.asm';
import {
  convBias,
  convRows,
  convTail,
  convTaps,
  convZeros,
  copyFloats,
  GROUP,
  MAX_TAPS,
  TAIL_ROW,
  TAP_ROW,
  TILE,
  tileWidth,
} from '../common/workspace.asm';

/** Addresses are of row 0 whatever the direction, strides are bytes from row to row; `positions` may be 0. */
export function convSilu(
  length: i32,
  channels: i32,
  taps: i32,
  backward: bool,
  x: usize,
  xStride: i32,
  weight: usize,
  bias: usize,
  positions: usize,
  u: usize,
  uStride: i32,
): void {
  memory.fill(convZeros, 0, TAP_ROW);
  let width: i32 = 0;
  for (let tile = 0; tile < channels; tile += width) {
    const left = channels - tile;
    const isTail = left < GROUP;
    width = tileWidth(left, TILE);
    const at = <usize>tile << 2;
    loadTaps(width, taps, weight + at * taps, bias + at);
    for (let token = 0; token < length; token++) {
      findRows(token, length, taps, backward, x + at, xStride, positions);
      const to = u + token * uStride + at;
      if (isTail) {
        for (let tap = 0; tap < taps; tap++) {
          const copy = convTail + (tap + 1) * TAIL_ROW;
          copyFloats(copy, load<u32>(convRows + (tap << 2)), width);
          store<u32>(convRows + (tap << 2), <u32>copy);
        }
        convolve(GROUP, taps, convTail);
        copyFloats(to, convTail, width);
      } else {
        convolve(width, taps, to);
      }
    }
  }
}

/** weight [channels, taps], last tap = the token itself → convTaps by distance; absent taps weigh zero. */
function loadTaps(width: i32, taps: i32, weight: usize, bias: usize): void {
  memory.fill(convTaps, 0, <usize>MAX_TAPS * TAP_ROW);
  memory.fill(convBias, 0, TAP_ROW);
  copyFloats(convBias, bias, width);
  for (let channel = 0; channel < width; channel++) {
    for (let distance = 0; distance < taps; distance++) {
      const tap = load<f32>(weight + ((channel * taps + (taps - 1 - distance)) << 2));
      store<f32>(convTaps + <usize>distance * TAP_ROW + (channel << 2), tap);
    }
  }
}

/** convRows[j] = address of the row that the tap at distance j reads. */
function findRows(
  token: i32,
  length: i32,
  taps: i32,
  backward: bool,
  x: usize,
  xStride: i32,
  positions: usize,
): void {
  for (let distance = 0; distance < MAX_TAPS; distance++) {
    store<u32>(convRows + (distance << 2), <u32>convZeros);
  }
  const here = positions ? load<i32>(positions + (token << 2)) : 0;
  for (let back = 0; back < taps; back++) {
    const source = backward ? token + back : token - back;
    if (source < 0 || source >= length) break;
    const distance = positions ? abs(load<i32>(positions + (source << 2)) - here) : back;
    if (<u32>distance >= <u32>taps) break;
    store<u32>(convRows + (distance << 2), <u32>(x + source * xStride));
  }
}

/** SiLU(bias + Σ taps · rows) over `width` channels, a multiple of 8. */
function convolve(width: i32, taps: i32, to: usize): void {
  const round = splat(ROUND);
  const c5 = splat(EXP5);
  const c4 = splat(EXP4);
  const c3 = splat(EXP3);
  const c2 = splat(EXP2);
  const c1 = splat(EXP1);
  const one = splat(ONE);
  const x0 = <usize>load<u32>(convRows);
  const x1 = <usize>load<u32>(convRows, 4);
  const x2 = <usize>load<u32>(convRows, 8);
  const x3 = <usize>load<u32>(convRows, 12);
  const bytes = <usize>width << 2;
  if (taps <= 4) {
    for (let at: usize = 0; at < bytes; at += 32) {
      const tap = convTaps + at;
      let left = multiplyAdd(v128.load(tap), v128.load(x0 + at), v128.load(convBias + at));
      let right = multiplyAdd(v128.load(tap, 16), v128.load(x0 + at, 16), v128.load(convBias + at, 16));
      left = multiplyAdd(v128.load(tap, TAP_ROW), v128.load(x1 + at), left);
      right = multiplyAdd(v128.load(tap, TAP_ROW + 16), v128.load(x1 + at, 16), right);
      left = multiplyAdd(v128.load(tap, 2 * TAP_ROW), v128.load(x2 + at), left);
      right = multiplyAdd(v128.load(tap, 2 * TAP_ROW + 16), v128.load(x2 + at, 16), right);
      left = multiplyAdd(v128.load(tap, 3 * TAP_ROW), v128.load(x3 + at), left);
      right = multiplyAdd(v128.load(tap, 3 * TAP_ROW + 16), v128.load(x3 + at, 16), right);
      v128.store(to + at, silu(left, round, c5, c4, c3, c2, c1, one));
      v128.store(to + at, silu(right, round, c5, c4, c3, c2, c1, one), 16);
    }
    return;
  }
  const x4 = <usize>load<u32>(convRows, 16);
  const x5 = <usize>load<u32>(convRows, 20);
  const x6 = <usize>load<u32>(convRows, 24);
  const x7 = <usize>load<u32>(convRows, 28);
  for (let at: usize = 0; at < bytes; at += 16) {
    const tap = convTaps + at;
    let sum = multiplyAdd(v128.load(tap), v128.load(x0 + at), v128.load(convBias + at));
    sum = multiplyAdd(v128.load(tap, TAP_ROW), v128.load(x1 + at), sum);
    sum = multiplyAdd(v128.load(tap, 2 * TAP_ROW), v128.load(x2 + at), sum);
    sum = multiplyAdd(v128.load(tap, 3 * TAP_ROW), v128.load(x3 + at), sum);
    sum = multiplyAdd(v128.load(tap, 4 * TAP_ROW), v128.load(x4 + at), sum);
    sum = multiplyAdd(v128.load(tap, 5 * TAP_ROW), v128.load(x5 + at), sum);
    sum = multiplyAdd(v128.load(tap, 6 * TAP_ROW), v128.load(x6 + at), sum);
    sum = multiplyAdd(v128.load(tap, 7 * TAP_ROW), v128.load(x7 + at), sum);
    v128.store(to + at, silu(sum, round, c5, c4, c3, c2, c1, one));
  }
}
