/**
 * The scan's inner loop, over one chunk of tokens and one tile of channels: h = exp(time · A) h + input · B, C · h.
 *
 * A vector holds four channels, B_t and C_t are splats read from memory (free of arithmetic), and no sum over
 * lanes is needed; the states of eight channels pass through all tokens of the chunk before the next eight.
 *
 * What was tried, in ns per vector of (token, channel, state) on one Zen 4 core at 3.7 GHz under Node 24; Vim-S has
 * 605,184 vectors per layer and direction:
 * - multiply and add apart 3.3, fused by relaxed SIMD 2.06: the rest of this list is fused
 * - keeping 2^x in range by f32x4.max 3.1, by pmax or by the unsigned minimum of the bits 2.06; without, which
 *   also lets the range reduction fuse, 1.87: hence two loops, chosen per chunk by the largest Δ and |A|
 * - a polynomial of degree 4 instead of 5 saves 0.2 and is 17 times less accurate: no
 * - Estrin's or even-odd evaluation, two or four tokens or states at once, interleaved chains: 1.8 to 2.4, none
 *   better by more than a few per cent: the plainest form stays
 * - vectors in adjacent pairs cost nothing, and let an engine fuse them into 256 bits: V8 does so with
 *   --experimental-wasm-revectorize, which is off by default, 0.95
 */
import { EXP1, EXP2, EXP3, EXP4, EXP5, LOWEST, multiplyAdd, ONE, powerOfTwo, ROUND, splat } from '../common/math.asm';
import { chunkInput, chunkOutput, chunkTime, GROUP, tileA, tileH } from '../common/workspace.asm';

/** 2^-100: states below are set to zero between chunks, so that a fading one never stays among the denormals. */
export const NEGLIGIBLE: usize = memory.data<f32>([7.888609052210118e-31]);

/** exp(time · A) of four channels, A being given times log2 e. */
// @ts-ignore: decorator
@inline
export function decay(
  time: v128,
  a: v128,
  clamp: bool,
  lowest: v128,
  round: v128,
  c5: v128,
  c4: v128,
  c3: v128,
  c2: v128,
  c1: v128,
  one: v128,
): v128 {
  let rounded: v128;
  let f: v128;
  if (clamp) {
    // Both are negative, so the smaller of the two as unsigned bits is the one nearer to zero.
    const exponent = i32x4.min_u(f32x4.mul(time, a), lowest);
    rounded = f32x4.add(exponent, round);
    f = f32x4.sub(exponent, f32x4.sub(rounded, round));
  } else {
    rounded = multiplyAdd(time, a, round);
    f = multiplyAdd(time, a, f32x4.sub(round, rounded));
  }
  return i32x4.add(powerOfTwo(f, c5, c4, c3, c2, c1, one), i32x4.shl(rounded, 23));
}

/** The recurrence over one chunk: chunkTime, chunkInput, B, C → chunkOutput = C · h. */
// @ts-ignore: decorator
@inline
function recur(
  steps: i32,
  width: i32,
  states: i32,
  b: usize,
  bStep: i32,
  c: usize,
  cStep: i32,
  clamp: bool,
): void {
  const lowest = splat(LOWEST);
  const round = splat(ROUND);
  const c5 = splat(EXP5);
  const c4 = splat(EXP4);
  const c3 = splat(EXP3);
  const c2 = splat(EXP2);
  const c1 = splat(EXP1);
  const one = splat(ONE);
  const stateBytes = <usize>states << 2;
  for (let group = 0; group < width; group += GROUP) {
    const aGroup = tileA + (<usize>(group * states) << 2);
    const hGroup = tileH + (<usize>(group * states) << 2);
    let row = <usize>group << 2;
    let bRow = b;
    let cRow = c;
    for (let step = 0; step < steps; step++) {
      const time0 = v128.load(chunkTime + row);
      const time1 = v128.load(chunkTime + row, 16);
      let y0 = f32x4.splat(0);
      let y1 = f32x4.splat(0);
      let pa = aGroup;
      let ph = hGroup;
      let pb = bRow;
      let pc = cRow;
      const end = pb + stateBytes;
      do {
        const decay0 = decay(time0, v128.load(pa), clamp, lowest, round, c5, c4, c3, c2, c1, one);
        const decay1 = decay(time1, v128.load(pa, 16), clamp, lowest, round, c5, c4, c3, c2, c1, one);
        // The input is read again for every state: there is no register left to hold it.
        const bn = v128.load32_splat(pb);
        const h0 = multiplyAdd(decay0, v128.load(ph), f32x4.mul(v128.load(chunkInput + row), bn));
        const h1 = multiplyAdd(decay1, v128.load(ph, 16), f32x4.mul(v128.load(chunkInput + row, 16), bn));
        const cn = v128.load32_splat(pc);
        y0 = multiplyAdd(h0, cn, y0);
        y1 = multiplyAdd(h1, cn, y1);
        v128.store(ph, h0);
        v128.store(ph, h1, 16);
        pa += 32;
        ph += 32;
        pb += 4;
        pc += 4;
      } while (pb < end);
      v128.store(chunkOutput + row, y0);
      v128.store(chunkOutput + row, y1, 16);
      row += width << 2;
      bRow += bStep;
      cRow += cStep;
    }
  }
  const bytes = <usize>(width * states) << 2;
  const negligible = splat(NEGLIGIBLE);
  for (let at: usize = 0; at < bytes; at += 16) {
    const h = v128.load(tileH + at);
    v128.store(tileH + at, v128.and(h, f32x4.gt(f32x4.abs(h), negligible)));
  }
}

/** For |time · A| log2 e < 125 throughout. */
export function recurWithin(
  steps: i32,
  width: i32,
  states: i32,
  b: usize,
  bStep: i32,
  c: usize,
  cStep: i32,
): void {
  recur(steps, width, states, b, bStep, c, cStep, false);
}

/** For any time · A. */
export function recurClamped(
  steps: i32,
  width: i32,
  states: i32,
  b: usize,
  bStep: i32,
  c: usize,
  cStep: i32,
): void {
  recur(steps, width, states, b, bStep, c, cStep, true);
}
