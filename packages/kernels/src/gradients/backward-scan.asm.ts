/**
 * The gradient of the selective scan of one sequence in one direction; the formulas are in src/backward-scan.ts.
 *
 * Eight channels at a time: their inputs are staged in scan order, the states h and decays a of all steps are computed
 * again and kept, [L + 1, N, 8] each, then the gradient runs from the last step to the first. The sums over channels
 * for B and C are kept apart by lane until the last group is done. backward-snake.asm.ts walks its four directions with
 * the same passes over the same staged rows.
 */
import { sigmoid } from './backward-math.asm';
import { EXP1, EXP2, EXP3, EXP4, EXP5, LOWEST, multiplyAdd, ONE, ROUND, softplus, splat, sumOfLanes } from '../common/math.asm';
import { decay, NEGLIGIBLE } from '../scan/recurrence.asm';

const LOG2E: f32 = 1.4426950408889634;
export const LN2: f32 = 0.6931471805599453;
export const GROUP: i32 = 8;
export const ROW: usize = 32;
/** Fading values are cleared of denormals once in so many steps; a power of two. */
const CLEANING: i32 = 16;

/** Staged rows of eight channels, [L, 8] each, one after another in `scratch`. */
export let stagedRaw: usize = 0;
export let stagedU: usize = 0;
export let stagedDy: usize = 0;
export let stagedDelta: usize = 0;
export let stagedTime: usize = 0;
export let stagedInput: usize = 0;
export let stagedSlope: usize = 0;
export let stagedGap: usize = 0;
/** [L + 1, N, 8]: the state before each step, and the decay of each. */
let allH: usize = 0;
let allDecay: usize = 0;
/** [N, 8] each: A · log2 e, its gradient, and a_{t+1} λ_{t+1}. */
let groupA: usize = 0;
let groupDA: usize = 0;
let carried: usize = 0;

/** Addresses are of row 0 whatever the direction, strides are bytes; `positions` may be 0. */
export function scanBackward(
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
  dy: usize,
  dyStride: i32,
  dDelta: usize,
  dDeltaStride: i32,
  dU: usize,
  dUStride: i32,
  dB: usize,
  dBStride: i32,
  dC: usize,
  dCStride: i32,
  dDeltaBias: usize,
  dA: usize,
  dD: usize,
  scratch: usize,
): void {
  let positionStep: i32 = 4;
  if (backward) {
    const last = length - 1;
    delta += last * deltaStride;
    b += last * bStride;
    c += last * cStride;
    u += last * uStride;
    dy += last * dyStride;
    dDelta += last * dDeltaStride;
    dU += last * dUStride;
    dB += last * dBStride;
    dC += last * dCStride;
    if (positions) positions += last * 4;
    deltaStride = -deltaStride;
    bStride = -bStride;
    cStride = -cStride;
    uStride = -uStride;
    dyStride = -dyStride;
    dDeltaStride = -dDeltaStride;
    dUStride = -dUStride;
    dBStride = -dBStride;
    dCStride = -dCStride;
    positionStep = -4;
  }
  // [L, N, 4] each: sums over channels, by lane.
  const sumB = layOut(length, states, scratch);
  const sumC = sumB + (<usize>(length * states) << 4);
  memory.fill(sumB, 0, <usize>(2 * length * states) << 4);
  for (let first = 0; first < channels; first += GROUP) {
    const at = <usize>first << 2;
    stage(length, delta + at, deltaStride, u + at, uStride, dy + at, dyStride);
    prepare(length, deltaBias + at, positions, positionStep);
    loadA(states, a + at * states);
    fillDecays(length, states, 0);
    recompute(length, states, b, bStride);
    pullBack(length, states, b + (length - 1) * bStride, bStride, c + (length - 1) * cStride, cStride, sumB, sumC);
    finishGroup(length, d + at, deltaBias + at, dDelta + at, dDeltaStride, dU + at, dUStride, dDeltaBias + at, dD + at);
    storeDA(states, dA + at * states);
  }
  for (let step = 0; step < length; step++) {
    for (let n = 0; n < states; n++) {
      const from = <usize>(step * states + n) << 4;
      store<f32>(dB + step * dBStride + (n << 2), sumOfLanes(v128.load(sumB + from)));
      store<f32>(dC + step * dCStride + (n << 2), sumOfLanes(v128.load(sumC + from)));
    }
  }
}

/** Returns the first byte behind what it has laid out. */
export function layOut(length: i32, states: i32, scratch: usize): usize {
  const staged = <usize>length * ROW;
  const everyState = <usize>(length + 1) * states * ROW;
  stagedRaw = scratch;
  stagedU = stagedRaw + staged;
  stagedDy = stagedU + staged;
  stagedDelta = stagedDy + staged;
  stagedTime = stagedDelta + staged;
  stagedInput = stagedTime + staged;
  stagedSlope = stagedInput + staged;
  stagedGap = stagedSlope + staged;
  allH = stagedGap + staged;
  allDecay = allH + everyState;
  groupA = allDecay + everyState;
  groupDA = groupA + <usize>states * ROW;
  carried = groupDA + <usize>states * ROW;
  return carried + <usize>states * ROW;
}

function stage(length: i32, delta: usize, deltaStride: i32, u: usize, uStride: i32, dy: usize, dyStride: i32): void {
  for (let step = 0; step < length; step++) {
    const to = <usize>step * ROW;
    v128.store(stagedRaw + to, v128.load(delta));
    v128.store(stagedRaw + to, v128.load(delta, 16), 16);
    v128.store(stagedU + to, v128.load(u));
    v128.store(stagedU + to, v128.load(u, 16), 16);
    v128.store(stagedDy + to, v128.load(dy));
    v128.store(stagedDy + to, v128.load(dy, 16), 16);
    delta += deltaStride;
    u += uStride;
    dy += dyStride;
  }
}

/** Δ, Δ + gap · Δ∅, Δ u, the slope of softplus, and the gap itself, of every step. */
function prepare(length: i32, deltaBias: usize, positions: usize, positionStep: i32): void {
  const round = splat(ROUND);
  const c5 = splat(EXP5);
  const c4 = splat(EXP4);
  const c3 = splat(EXP3);
  const c2 = splat(EXP2);
  const c1 = splat(EXP1);
  const one = splat(ONE);
  for (let half: usize = 0; half < ROW; half += 16) {
    const bias = v128.load(deltaBias + half);
    const rest = softplus(bias, round, c5, c4, c3, c2, c1, one);
    for (let step = 0; step < length; step++) {
      let gap: f32 = 0;
      if (positions && step > 0) {
        const here = positions + step * positionStep;
        gap = <f32>(abs(load<i32>(here) - load<i32>(here - positionStep)) - 1);
      }
      const gaps = f32x4.splat(gap);
      const at = <usize>step * ROW + half;
      const raw = f32x4.add(v128.load(stagedRaw + at), bias);
      const own = softplus(raw, round, c5, c4, c3, c2, c1, one);
      v128.store(stagedDelta + at, own);
      v128.store(stagedTime + at, multiplyAdd(gaps, rest, own));
      v128.store(stagedInput + at, f32x4.mul(own, v128.load(stagedU + at)));
      v128.store(stagedSlope + at, sigmoid(raw, round, c5, c4, c3, c2, c1, one));
      v128.store(stagedGap + at, gaps);
    }
  }
}

/** a [8, N] → groupA [N, 8], times log2 e; its gradient to zero. */
export function loadA(states: i32, a: usize): void {
  for (let channel = 0; channel < GROUP; channel++) {
    for (let n = 0; n < states; n++) {
      store<f32>(groupA + (<usize>(n * GROUP + channel) << 2), load<f32>(a) * LOG2E);
      a += 4;
    }
  }
  memory.fill(groupDA, 0, <usize>states * ROW);
}

/** Adds groupDA [N, 8] to dA [8, N]. */
export function storeDA(states: i32, dA: usize): void {
  for (let channel = 0; channel < GROUP; channel++) {
    for (let n = 0; n < states; n++) {
      store<f32>(dA, load<f32>(dA) + load<f32>(groupDA + (<usize>(n * GROUP + channel) << 2)));
      dA += 4;
    }
  }
}

/**
 * The decays of all steps of eight channels.
 *
 * @param before gaps that the decays in place were computed with, [L, 8]: a step whose gap is the same keeps them; 0: none
 */
export function fillDecays(length: i32, states: i32, before: usize): void {
  const lowest = splat(LOWEST);
  const round = splat(ROUND);
  const c5 = splat(EXP5);
  const c4 = splat(EXP4);
  const c3 = splat(EXP3);
  const c2 = splat(EXP2);
  const c1 = splat(EXP1);
  const one = splat(ONE);
  const stateBytes = <usize>states * ROW;
  for (let step = 0; step < length; step++) {
    const row = <usize>step * ROW;
    if (before && load<f32>(before + row) == load<f32>(stagedGap + row)) continue;
    const time0 = v128.load(stagedTime + row);
    const time1 = v128.load(stagedTime + row, 16);
    let kept = allDecay + <usize>step * stateBytes;
    const end = kept + stateBytes;
    let pa = groupA;
    while (kept < end) {
      v128.store(kept, decay(time0, v128.load(pa), true, lowest, round, c5, c4, c3, c2, c1, one));
      v128.store(kept, decay(time1, v128.load(pa, 16), true, lowest, round, c5, c4, c3, c2, c1, one), 16);
      kept += ROW;
      pa += ROW;
    }
  }
}

/** The forward recurrence of eight channels, every state kept. */
export function recompute(length: i32, states: i32, b: usize, bStride: i32): void {
  const negligible = splat(NEGLIGIBLE);
  const stateBytes = <usize>states * ROW;
  memory.fill(allH, 0, stateBytes);
  for (let step = 0; step < length; step++) {
    const row = <usize>step * ROW;
    const input0 = v128.load(stagedInput + row);
    const input1 = v128.load(stagedInput + row, 16);
    let h = allH + <usize>step * stateBytes;
    let kept = allDecay + <usize>step * stateBytes;
    const end = h + stateBytes;
    let pb = b;
    while (h < end) {
      const bn = v128.load32_splat(pb);
      v128.store(h + stateBytes, multiplyAdd(v128.load(kept), v128.load(h), f32x4.mul(input0, bn)));
      v128.store(h + stateBytes, multiplyAdd(v128.load(kept, 16), v128.load(h, 16), f32x4.mul(input1, bn)), 16);
      h += ROW;
      kept += ROW;
      pb += 4;
    }
    if ((step & (CLEANING - 1)) == CLEANING - 1) clean(h, stateBytes, negligible);
    b += bStride;
  }
}

/**
 * From the last step to the first: sums for B, C and A; Δ's share through the decay into stagedTime, and dL/d(Δ u)
 * into stagedInput, whose own values have been read by then. `b` and `c` are the last step's rows; the sums over channels
 * for B and C, [L, N, 4] by lane, are added to.
 */
export function pullBack(
  length: i32,
  states: i32,
  b: usize,
  bStride: i32,
  c: usize,
  cStride: i32,
  toB: usize,
  toC: usize,
): void {
  const negligible = splat(NEGLIGIBLE);
  const stateBytes = <usize>states * ROW;
  memory.fill(carried, 0, stateBytes);
  for (let step = length - 1; step >= 0; step--) {
    const row = <usize>step * ROW;
    const dy0 = v128.load(stagedDy + row);
    const dy1 = v128.load(stagedDy + row, 16);
    const input0 = v128.load(stagedInput + row);
    const input1 = v128.load(stagedInput + row, 16);
    const time0 = v128.load(stagedTime + row);
    const time1 = v128.load(stagedTime + row, 16);
    let dInput0 = f32x4.splat(0);
    let dInput1 = f32x4.splat(0);
    let dTime0 = f32x4.splat(0);
    let dTime1 = f32x4.splat(0);
    let h = allH + <usize>step * stateBytes;
    const end = h + stateBytes;
    let kept = allDecay + <usize>step * stateBytes;
    let sum = <usize>(step * states) << 4;
    let pc = c;
    let pb = b;
    let at: usize = 0;
    while (h < end) {
      const cn = v128.load32_splat(pc);
      const lambda0 = multiplyAdd(dy0, cn, v128.load(carried + at));
      const lambda1 = multiplyAdd(dy1, cn, v128.load(carried + at, 16));
      const ownC = multiplyAdd(dy0, v128.load(h + stateBytes), v128.load(toC + sum));
      v128.store(toC + sum, multiplyAdd(dy1, v128.load(h + stateBytes, 16), ownC));
      const ownB = multiplyAdd(lambda0, input0, v128.load(toB + sum));
      v128.store(toB + sum, multiplyAdd(lambda1, input1, ownB));
      const bn = v128.load32_splat(pb);
      dInput0 = multiplyAdd(lambda0, bn, dInput0);
      dInput1 = multiplyAdd(lambda1, bn, dInput1);
      const carried0 = f32x4.mul(lambda0, v128.load(kept));
      const carried1 = f32x4.mul(lambda1, v128.load(kept, 16));
      v128.store(carried + at, carried0);
      v128.store(carried + at, carried1, 16);
      const through0 = f32x4.mul(carried0, v128.load(h));
      const through1 = f32x4.mul(carried1, v128.load(h, 16));
      dTime0 = multiplyAdd(through0, v128.load(groupA + at), dTime0);
      dTime1 = multiplyAdd(through1, v128.load(groupA + at, 16), dTime1);
      v128.store(groupDA + at, multiplyAdd(through0, time0, v128.load(groupDA + at)));
      v128.store(groupDA + at, multiplyAdd(through1, time1, v128.load(groupDA + at, 16)), 16);
      h += ROW;
      kept += ROW;
      at += ROW;
      sum += 16;
      pc += 4;
      pb += 4;
    }
    v128.store(stagedInput + row, dInput0);
    v128.store(stagedInput + row, dInput1, 16);
    v128.store(stagedTime + row, dTime0);
    v128.store(stagedTime + row, dTime1, 16);
    if ((step & (CLEANING - 1)) == 0) clean(carried, stateBytes, negligible);
    b -= bStride;
    c -= cStride;
  }
}

/** Small numbers become zero before they are denormal. */
function clean(at: usize, bytes: usize, negligible: v128): void {
  const end = at + bytes;
  for (; at < end; at += 16) {
    const value = v128.load(at);
    v128.store(at, v128.and(value, f32x4.gt(f32x4.abs(value), negligible)));
  }
}

/** The rows of Δ and u, and the sums for D and the bias of Δ. */
function finishGroup(
  length: i32,
  d: usize,
  deltaBias: usize,
  dDelta: usize,
  dDeltaStride: i32,
  dU: usize,
  dUStride: i32,
  dDeltaBias: usize,
  dD: usize,
): void {
  const round = splat(ROUND);
  const c5 = splat(EXP5);
  const c4 = splat(EXP4);
  const c3 = splat(EXP3);
  const c2 = splat(EXP2);
  const c1 = splat(EXP1);
  const one = splat(ONE);
  // The staged A carries a factor log2 e.
  const ln2 = f32x4.splat(LN2);
  for (let half: usize = 0; half < ROW; half += 16) {
    const skip = v128.load(d + half);
    let ownD = f32x4.splat(0);
    let ownBias = f32x4.splat(0);
    let rest = f32x4.splat(0);
    let toDelta = dDelta + half;
    let toU = dU + half;
    for (let step = 0; step < length; step++) {
      const at = <usize>step * ROW + half;
      const dy = v128.load(stagedDy + at);
      const u = v128.load(stagedU + at);
      const dInput = v128.load(stagedInput + at);
      const dTime = f32x4.mul(v128.load(stagedTime + at), ln2);
      const raw = f32x4.mul(multiplyAdd(u, dInput, dTime), v128.load(stagedSlope + at));
      v128.store(toDelta, raw);
      v128.store(toU, multiplyAdd(v128.load(stagedDelta + at), dInput, f32x4.mul(skip, dy)));
      ownD = multiplyAdd(u, dy, ownD);
      ownBias = f32x4.add(ownBias, raw);
      rest = multiplyAdd(v128.load(stagedGap + at), dTime, rest);
      toDelta += dDeltaStride;
      toU += dUStride;
    }
    const slope = sigmoid(v128.load(deltaBias + half), round, c5, c4, c3, c2, c1, one);
    ownBias = multiplyAdd(rest, slope, ownBias);
    v128.store(dD + half, f32x4.add(v128.load(dD + half), ownD));
    v128.store(dDeltaBias + half, f32x4.add(v128.load(dDeltaBias + half), ownBias));
  }
}
