/**
 * The gradient of the depthwise causal convolution with bias and SiLU, of one sequence in one direction; the formulas
 * are in src/backward-conv.ts. Token by token: the sum before SiLU again, its gradient over all channels, then what
 * each tap that found a token gives and gets.
 */
import { sigmoid, siluSlope } from './backward-math.asm';
import { EXP1, EXP2, EXP3, EXP4, EXP5, multiplyAdd, ONE, ROUND, splat } from '../common/math.asm';

const MAX_TAPS: i32 = 8;
/** Which row of x and dx the tap at each distance reads; -1: none. */
const found: usize = memory.data(4 * 8, 4);

/** Strides are bytes, `channels` is a multiple of 4; `positions` may be 0. */
export function convBackward(
  length: i32,
  channels: i32,
  taps: i32,
  backward: bool,
  x: usize,
  xStride: i32,
  weight: usize,
  bias: usize,
  positions: usize,
  du: usize,
  duStride: i32,
  dx: usize,
  dxStride: i32,
  accumulate: bool,
  dWeight: usize,
  dBias: usize,
  scratch: usize,
): void {
  const bytes = <usize>channels << 2;
  const byDistance = scratch;
  const sums = byDistance + <usize>taps * bytes;
  const slope = sums + <usize>taps * bytes;
  transposeTaps(channels, taps, weight, byDistance);
  memory.fill(sums, 0, <usize>taps * bytes);
  if (!accumulate) {
    for (let token = 0; token < length; token++) memory.fill(dx + token * dxStride, 0, bytes);
  }
  for (let token = 0; token < length; token++) {
    findTokens(token, length, taps, backward, positions);
    beforeSilu(bytes, taps, x, xStride, bias, byDistance, slope);
    throughSilu(bytes, du + token * duStride, slope, dBias);
    for (let distance = 0; distance < taps; distance++) {
      const source = load<i32>(found + (distance << 2));
      if (source < 0) continue;
      const tap = byDistance + <usize>distance * bytes;
      const sum = sums + <usize>distance * bytes;
      const from = x + source * xStride;
      const to = dx + source * dxStride;
      for (let at: usize = 0; at < bytes; at += 16) {
        const ds = v128.load(slope + at);
        v128.store(to + at, multiplyAdd(v128.load(tap + at), ds, v128.load(to + at)));
        v128.store(sum + at, multiplyAdd(v128.load(from + at), ds, v128.load(sum + at)));
      }
    }
  }
  for (let channel = 0; channel < channels; channel++) {
    for (let distance = 0; distance < taps; distance++) {
      const to = dWeight + (<usize>(channel * taps + (taps - 1 - distance)) << 2);
      store<f32>(to, load<f32>(to) + load<f32>(sums + <usize>distance * bytes + (<usize>channel << 2)));
    }
  }
}

/** weight [E, taps], last tap = the token itself → [taps, E] by distance. */
function transposeTaps(channels: i32, taps: i32, weight: usize, byDistance: usize): void {
  for (let channel = 0; channel < channels; channel++) {
    for (let distance = 0; distance < taps; distance++) {
      const tap = load<f32>(weight + (<usize>(channel * taps + (taps - 1 - distance)) << 2));
      store<f32>(byDistance + (<usize>(distance * channels + channel) << 2), tap);
    }
  }
}

function findTokens(token: i32, length: i32, taps: i32, backward: bool, positions: usize): void {
  for (let distance = 0; distance < MAX_TAPS; distance++) store<i32>(found + (distance << 2), -1);
  const here = positions ? load<i32>(positions + (token << 2)) : 0;
  for (let back = 0; back < taps; back++) {
    const source = backward ? token + back : token - back;
    if (source < 0 || source >= length) break;
    const distance = positions ? abs(load<i32>(positions + (source << 2)) - here) : back;
    if (<u32>distance >= <u32>taps) break;
    store<i32>(found + (distance << 2), source);
  }
}

/** bias + Σ taps · rows of x → sum [E] */
function beforeSilu(
  bytes: usize,
  taps: i32,
  x: usize,
  xStride: i32,
  bias: usize,
  byDistance: usize,
  sum: usize,
): void {
  memory.copy(sum, bias, bytes);
  for (let distance = 0; distance < taps; distance++) {
    const source = load<i32>(found + (distance << 2));
    if (source < 0) continue;
    const tap = byDistance + <usize>distance * bytes;
    const from = x + source * xStride;
    for (let at: usize = 0; at < bytes; at += 16) {
      v128.store(sum + at, multiplyAdd(v128.load(tap + at), v128.load(from + at), v128.load(sum + at)));
    }
  }
}

/** The sum before SiLU becomes its gradient, du · SiLU', which dBias gets added. */
function throughSilu(bytes: usize, du: usize, sum: usize, dBias: usize): void {
  const round = splat(ROUND);
  const c5 = splat(EXP5);
  const c4 = splat(EXP4);
  const c3 = splat(EXP3);
  const c2 = splat(EXP2);
  const c1 = splat(EXP1);
  const one = splat(ONE);
  for (let at: usize = 0; at < bytes; at += 16) {
    const s = v128.load(sum + at);
    const open = sigmoid(s, round, c5, c4, c3, c2, c1, one);
    const ds = f32x4.mul(v128.load(du + at), siluSlope(s, open, one));
    v128.store(sum + at, ds);
    v128.store(dBias + at, f32x4.add(v128.load(dBias + at), ds));
  }
}
