/**
 * The selective scan of one sequence in one direction, everything between the projections in one pass:
 *
 *     Δ_t = softplus(delta_t + bias)
 *     h_t = exp((Δ_t + gap_t · Δ∅) A) h_{t-1} + Δ_t B_t u_t        Δ∅ = softplus(bias)
 *     y_t = C_t · h_t + D u_t
 *
 * then, as asked, accumulation into y, the gate SiLU(z), and each token's score.
 */
import {
  EXP1,
  EXP2,
  EXP3,
  EXP4,
  EXP5,
  LOWEST,
  maxOfLanes,
  multiplyAdd,
  ONE,
  powerOfTwo,
  ROUND,
  silu,
  softplus,
  splat,
  sumOfLanes,
} from './math';
import {
  CHUNK,
  chunkInput,
  chunkOutput,
  chunkTime,
  copyFloats,
  GROUP,
  TAIL_ROW,
  TILE,
  TILE_STATES,
  tileWidth,
  tailDelta,
  tailU,
  tailY,
  tailZ,
  tileA,
  tileBias,
  tileD,
  tileH,
  tileRest,
} from './workspace';

const LOG2E: f32 = 1.4426950408889634;
/** States below this are set to zero between chunks, so that a fading state never lives among the denormals. */
const NEGLIGIBLE: usize = memory.data<f32>([7.888609052210118e-31]); // 2^-100

/** Signals a score is made from, and reductions over channels; the caller's numbering. */
const NO_SCORE: i32 = 0;
const GATED: i32 = 1;
const OWN_GATED: i32 = 2;
const SSM: i32 = 3;
const CLIP: i32 = 0;
const SUM: i32 = 1;
const L1: i32 = 2;

/**
 * Addresses are of row 0 whatever the direction, strides are bytes from row to row. `z`, `positions` and
 * `scores` may be 0: no gate, no gaps, no score.
 */
export function selectiveScan(
  length: i32,
  channels: i32,
  states: i32,
  backward: bool,
  delta: usize,
  deltaStride: i32,
  deltaBias: usize,
  a: usize,
  d: usize,
  b: usize,
  bStride: i32,
  c: usize,
  cStride: i32,
  u: usize,
  uStride: i32,
  positions: usize,
  y: usize,
  yStride: i32,
  accumulate: bool,
  z: usize,
  zStride: i32,
  scale: f32,
  signal: i32,
  reduction: i32,
  scores: usize,
): void {
  let positionStep: i32 = 4;
  if (backward) {
    const last = length - 1;
    delta += last * deltaStride;
    b += last * bStride;
    c += last * cStride;
    u += last * uStride;
    y += last * yStride;
    z += last * zStride;
    if (positions) positions += last * 4;
    scores += last * 4;
    deltaStride = -deltaStride;
    bStride = -bStride;
    cStride = -cStride;
    uStride = -uStride;
    yStride = -yStride;
    zStride = -zStride;
    positionStep = -4;
  }
  if (signal != NO_SCORE) {
    for (let step = 0; step < length; step++) store<f32>(scores + step * positionStep, 0);
  }
  const gated = zStride != 0;
  const widest = min(TILE, TILE_STATES / states);
  let width: i32 = 0;
  for (let tile = 0; tile < channels; tile += width) {
    const left = channels - tile;
    width = tileWidth(left, widest);
    const isTail = left < GROUP;
    const padded = isTail ? GROUP : width;
    const at = <usize>tile << 2;
    const steepest = loadTile(width, padded, states, a + at * states, d + at, deltaBias + at);
    for (let first = 0; first < length; first += CHUNK) {
      const steps = min(CHUNK, length - first);
      let deltaRow = delta + first * deltaStride + at;
      let uRow = u + first * uStride + at;
      let zRow = z + first * zStride + at;
      let yRow = y + first * yStride + at;
      let deltaStep = deltaStride;
      let uStep = uStride;
      let zStep = zStride;
      let yStep = yStride;
      if (isTail) {
        for (let step = 0; step < steps; step++) {
          const row = step * TAIL_ROW;
          copyFloats(tailDelta + row, deltaRow + step * deltaStride, width);
          copyFloats(tailU + row, uRow + step * uStride, width);
          if (gated) copyFloats(tailZ + row, zRow + step * zStride, width);
          if (accumulate) copyFloats(tailY + row, yRow + step * yStride, width);
        }
        deltaRow = tailDelta;
        uRow = tailU;
        zRow = tailZ;
        yRow = tailY;
        deltaStep = uStep = zStep = yStep = TAIL_ROW;
      }
      const position = positions ? positions + first * positionStep : 0;
      const longest = prepare(steps, padded, deltaRow, deltaStep, uRow, uStep, position, positionStep, first == 0);
      const bRow = b + first * bStride;
      const cRow = c + first * cStride;
      if (longest * steepest < <f32>125) recurWithin(steps, padded, states, bRow, bStride, cRow, cStride);
      else recurClamped(steps, padded, states, bRow, bStride, cRow, cStride);
      const score = scores + first * positionStep;
      finish(steps, padded, uRow, uStep, yRow, yStep, zRow, zStep, accumulate, gated, scale, signal, reduction, score, positionStep);
      if (isTail) {
        const row = y + first * yStride + at;
        for (let step = 0; step < steps; step++) copyFloats(row + step * yStride, tailY + step * TAIL_ROW, width);
      }
    }
  }
  if (signal != NO_SCORE && reduction > L1) {
    for (let step = 0; step < length; step++) {
      const score = scores + step * positionStep;
      store<f32>(score, sqrt(load<f32>(score)));
    }
  }
}

/** Parameters of a tile into scratch, zeros beyond `width`; the state to zero. Returns max |A| · log2 e. */
function loadTile(width: i32, padded: i32, states: i32, a: usize, d: usize, deltaBias: usize): f32 {
  const bytes = <usize>(padded * states) << 2;
  if (width < padded) {
    memory.fill(tileA, 0, bytes);
    memory.fill(tileD, 0, TAIL_ROW);
    memory.fill(tileBias, 0, TAIL_ROW);
    memory.fill(tailDelta, 0, CHUNK * TAIL_ROW);
    memory.fill(tailU, 0, CHUNK * TAIL_ROW);
    memory.fill(tailZ, 0, CHUNK * TAIL_ROW);
    memory.fill(tailY, 0, CHUNK * TAIL_ROW);
  }
  memory.fill(tileH, 0, bytes);
  copyFloats(tileD, d, width);
  copyFloats(tileBias, deltaBias, width);
  const round = splat(ROUND);
  const c5 = splat(EXP5);
  const c4 = splat(EXP4);
  const c3 = splat(EXP3);
  const c2 = splat(EXP2);
  const c1 = splat(EXP1);
  const one = splat(ONE);
  for (let at = 0; at < padded << 2; at += 16) {
    v128.store(tileRest + at, softplus(v128.load(tileBias + at), round, c5, c4, c3, c2, c1, one));
  }
  let steepest: f32 = 0;
  for (let channel = 0; channel < width; channel++) {
    const group = tileA + (((channel & ~(GROUP - 1)) * states + (channel & (GROUP - 1))) << 2);
    for (let n = 0; n < states; n++) {
      const value = load<f32>(a + ((channel * states + n) << 2)) * LOG2E;
      store<f32>(group + (n << 5), value);
      steepest = max(steepest, abs(value));
    }
  }
  return steepest;
}

/** Fills chunkTime (Δ + gap · Δ∅) and chunkInput (Δ u). Returns the largest time. */
function prepare(
  steps: i32,
  width: i32,
  delta: usize,
  deltaStep: i32,
  u: usize,
  uStep: i32,
  position: usize,
  positionStep: i32,
  isFirst: bool,
): f32 {
  const round = splat(ROUND);
  const c5 = splat(EXP5);
  const c4 = splat(EXP4);
  const c3 = splat(EXP3);
  const c2 = splat(EXP2);
  const c1 = splat(EXP1);
  const one = splat(ONE);
  let longest = f32x4.splat(0);
  const bytes = width << 2;
  for (let step = 0; step < steps; step++) {
    let gap: f32 = 0;
    if (position && !(isFirst && step == 0)) {
      const here = position + step * positionStep;
      gap = <f32>(abs(load<i32>(here) - load<i32>(here - positionStep)) - 1);
    }
    const gaps = f32x4.splat(gap);
    const row = step * bytes;
    for (let at = 0; at < bytes; at += 32) {
      const delta0 = softplus(f32x4.add(v128.load(delta + at), v128.load(tileBias + at)), round, c5, c4, c3, c2, c1, one);
      const delta1 = softplus(f32x4.add(v128.load(delta + at, 16), v128.load(tileBias + at, 16)), round, c5, c4, c3, c2, c1, one);
      const time0 = multiplyAdd(gaps, v128.load(tileRest + at), delta0);
      const time1 = multiplyAdd(gaps, v128.load(tileRest + at, 16), delta1);
      v128.store(chunkTime + row + at, time0);
      v128.store(chunkTime + row + at, time1, 16);
      v128.store(chunkInput + row + at, f32x4.mul(delta0, v128.load(u + at)));
      v128.store(chunkInput + row + at, f32x4.mul(delta1, v128.load(u + at, 16)), 16);
      longest = f32x4.pmax(longest, f32x4.pmax(time0, time1));
    }
    delta += deltaStep;
    u += uStep;
  }
  return maxOfLanes(longest);
}

/** One state of four channels: returns h after this token. */
// @ts-ignore: decorator
@inline
function decayed(
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
      const input0 = v128.load(chunkInput + row);
      const input1 = v128.load(chunkInput + row, 16);
      let y0 = f32x4.splat(0);
      let y1 = f32x4.splat(0);
      let pa = aGroup;
      let ph = hGroup;
      let pb = bRow;
      let pc = cRow;
      const end = pb + stateBytes;
      do {
        {
        const decay0 = decayed(time0, v128.load(pa), clamp, lowest, round, c5, c4, c3, c2, c1, one);
        const decay1 = decayed(time1, v128.load(pa, 16), clamp, lowest, round, c5, c4, c3, c2, c1, one);
        const bn = v128.load32_splat(pb);
        const cn = v128.load32_splat(pc);
        const h0 = multiplyAdd(decay0, v128.load(ph), f32x4.mul(input0, bn));
        const h1 = multiplyAdd(decay1, v128.load(ph, 16), f32x4.mul(input1, bn));
        v128.store(ph, h0);
        v128.store(ph, h1, 16);
        y0 = multiplyAdd(h0, cn, y0);
        y1 = multiplyAdd(h1, cn, y1);
        }
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
function recurWithin(steps: i32, width: i32, states: i32, b: usize, bStep: i32, c: usize, cStep: i32): void {
  recur(steps, width, states, b, bStep, c, cStep, false);
}

/** For any time · A. */
function recurClamped(steps: i32, width: i32, states: i32, b: usize, bStep: i32, c: usize, cStep: i32): void {
  recur(steps, width, states, b, bStep, c, cStep, true);
}

/** One reduced value more: a token's score grows by the channels in `value`. */
// @ts-ignore: decorator
@inline
function reduced(sum: v128, value: v128, reduction: i32): v128 {
  if (reduction == CLIP) return f32x4.add(sum, f32x4.pmax(value, f32x4.splat(0)));
  if (reduction == SUM) return f32x4.add(sum, value);
  if (reduction == L1) return f32x4.add(sum, f32x4.abs(value));
  return multiplyAdd(value, value, sum);
}

/** chunkOutput + D u, the sum over directions, gate and score of one chunk; writes y. */
function finish(
  steps: i32,
  width: i32,
  u: usize,
  uStep: i32,
  y: usize,
  yStep: i32,
  z: usize,
  zStep: i32,
  accumulate: bool,
  gated: bool,
  scale: f32,
  signal: i32,
  reduction: i32,
  score: usize,
  scoreStep: i32,
): void {
  const bytes = width << 2;
  const round = splat(ROUND);
  const c5 = splat(EXP5);
  const c4 = splat(EXP4);
  const c3 = splat(EXP3);
  const c2 = splat(EXP2);
  const c1 = splat(EXP1);
  const one = splat(ONE);
  const scales = f32x4.splat(scale);
  for (let step = 0; step < steps; step++) {
    const row = chunkOutput + step * bytes;
    let sum = f32x4.splat(0);
    for (let at = 0; at < bytes; at += 16) {
      const own = multiplyAdd(v128.load(tileD + at), v128.load(u + at), v128.load(row + at));
      let out = own;
      if (accumulate) out = f32x4.add(out, v128.load(y + at));
      if (signal == SSM) sum = reduced(sum, out, reduction);
      if (gated) {
        const gate = silu(v128.load(z + at), round, c5, c4, c3, c2, c1, one);
        if (signal == OWN_GATED) sum = reduced(sum, f32x4.mul(own, gate), reduction);
        out = f32x4.mul(f32x4.mul(out, gate), scales);
        if (signal == GATED) sum = reduced(sum, out, reduction);
      }
      v128.store(y + at, out);
    }
    if (signal != NO_SCORE) store<f32>(score, load<f32>(score) + sumOfLanes(sum));
    u += uStep;
    y += yStep;
    z += zStep;
    score += scoreStep;
  }
}
