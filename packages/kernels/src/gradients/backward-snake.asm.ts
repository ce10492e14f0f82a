/**
 * The gradient of the four-direction scan of one image; backward-snake.ts says what it is.
 *
 * Eight channels at a time, one direction after another: u and dy are staged along the snake, then the passes of
 * backward-scan.asm.ts run over them. A step's decays are computed again only where its gap is not the one that the
 * direction before had there, so that without gaps all four share one exponential. The sums over channels are kept
 * apart by lane until the last group is done, those for B by direction too: each step's goes to its move's vector.
 */
import { sigmoid } from './backward-math.asm';
import {
  fillDecays,
  GROUP,
  layOut,
  LN2,
  loadA,
  pullBack,
  recompute,
  ROW,
  stagedDelta,
  stagedDy,
  stagedGap,
  stagedInput,
  stagedRaw,
  stagedSlope,
  stagedTime,
  stagedU,
  storeDA,
} from './backward-scan.asm';
import { EXP1, EXP2, EXP3, EXP4, EXP5, multiplyAdd, ONE, ROUND, softplus, splat, sumOfLanes } from '../common/math.asm';

const DIRECTIONS: i32 = 4;

/** Behind what layOut lays out. [4, K, N, 4] and [K, N, 4]: sums over channels, by lane. */
let sumsB: usize = 0;
let sumsC: usize = 0;
/** [K, 8] each: dL/dΔ over the directions so far, and the gaps that the decays were computed with. */
let totalDelta: usize = 0;
let gapsBefore: usize = 0;
/** [4, K, N]: B with the moves' vectors. */
let movedB: usize = 0;

/** Strides are bytes from row to row; `gaps` may be 0. */
export function snakeBackward(
  length: i32,
  channels: i32,
  states: i32,
  delta: usize,
  deltaStride: i32,
  deltaBias: usize,
  a: usize,
  d: usize,
  b: usize,
  bStride: i32,
  c: usize,
  cStride: i32,
  directionB: usize,
  u: usize,
  uStride: i32,
  orders: usize,
  moves: usize,
  gaps: usize,
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
  dDirectionB: usize,
  scratch: usize,
): void {
  const pairs = <usize>(length * states);
  sumsB = layOut(length, states, scratch);
  sumsC = sumsB + pairs * DIRECTIONS * 16;
  totalDelta = sumsC + pairs * 16;
  gapsBefore = totalDelta + <usize>length * ROW;
  movedB = gapsBefore + <usize>length * ROW;
  memory.fill(sumsB, 0, pairs * (DIRECTIONS + 1) * 16);
  addMoves(length, states, b, bStride, directionB, moves);
  const bytes = states << 2;
  for (let first = 0; first < channels; first += GROUP) {
    const at = <usize>first << 2;
    prepare(length, delta + at, deltaStride, deltaBias + at);
    loadA(states, a + at * states);
    for (let direction = 0; direction < DIRECTIONS; direction++) {
      const table = <usize>(direction * length) << 2;
      const order = orders + table;
      if (direction > 0) memory.copy(gapsBefore, stagedGap, <usize>length * ROW);
      stage(length, order, gaps ? gaps + table : 0, u + at, uStride, dy + at, dyStride, deltaBias + at);
      fillDecays(length, states, direction > 0 ? gapsBefore : 0);
      const rows = movedB + (<usize>(direction * length * states) << 2);
      recompute(length, states, rows, bytes);
      const sums = sumsB + pairs * direction * 16;
      pullBack(length, states, rows + (length - 1) * bytes, bytes, c + (length - 1) * cStride, cStride, sums, sumsC);
      finishDirection(length, order, direction == 0, d + at, deltaBias + at, dU + at, dUStride, dDeltaBias + at, dD + at);
    }
    finishGroup(length, dDelta + at, dDeltaStride, dDeltaBias + at);
    storeDA(states, dA + at * states);
  }
  sumChannels(length, states, moves, dB, dBStride, dC, dCStride, dDirectionB);
}

function addMoves(length: i32, states: i32, b: usize, bStride: i32, directionB: usize, moves: usize): void {
  let to = movedB;
  for (let direction = 0; direction < DIRECTIONS; direction++) {
    for (let step = 0; step < length; step++) {
      let from = b + step * bStride;
      let added = directionB + (<usize>(load<i32>(moves) * states) << 2);
      moves += 4;
      for (let n = 0; n < states; n++) {
        store<f32>(to, load<f32>(from) + load<f32>(added));
        to += 4;
        from += 4;
        added += 4;
      }
    }
  }
}

/** What the directions share: Δ and the slope of softplus by step; the total of dL/dΔ begins at zero. */
function prepare(length: i32, delta: usize, deltaStride: i32, deltaBias: usize): void {
  const round = splat(ROUND);
  const c5 = splat(EXP5);
  const c4 = splat(EXP4);
  const c3 = splat(EXP3);
  const c2 = splat(EXP2);
  const c1 = splat(EXP1);
  const one = splat(ONE);
  memory.fill(totalDelta, 0, <usize>length * ROW);
  for (let half: usize = 0; half < ROW; half += 16) {
    const bias = v128.load(deltaBias + half);
    let from = delta + half;
    for (let step = 0; step < length; step++) {
      const at = <usize>step * ROW + half;
      const raw = f32x4.add(v128.load(from), bias);
      v128.store(stagedRaw + at, raw);
      v128.store(stagedDelta + at, softplus(raw, round, c5, c4, c3, c2, c1, one));
      v128.store(stagedSlope + at, sigmoid(raw, round, c5, c4, c3, c2, c1, one));
      from += deltaStride;
    }
  }
}

/** u and dy along the snake; Δ + gap · Δ∅, Δ u and the gap of every step. */
function stage(
  length: i32,
  order: usize,
  gaps: usize,
  u: usize,
  uStride: i32,
  dy: usize,
  dyStride: i32,
  deltaBias: usize,
): void {
  const round = splat(ROUND);
  const c5 = splat(EXP5);
  const c4 = splat(EXP4);
  const c3 = splat(EXP3);
  const c2 = splat(EXP2);
  const c1 = splat(EXP1);
  const one = splat(ONE);
  for (let half: usize = 0; half < ROW; half += 16) {
    const rest = softplus(v128.load(deltaBias + half), round, c5, c4, c3, c2, c1, one);
    for (let step = 0; step < length; step++) {
      const token = load<i32>(order + (step << 2));
      const gap = f32x4.splat(gaps ? <f32>load<i32>(gaps + (step << 2)) : 0);
      const at = <usize>step * ROW + half;
      const ownU = v128.load(u + half + token * uStride);
      const own = v128.load(stagedDelta + at);
      v128.store(stagedU + at, ownU);
      v128.store(stagedDy + at, v128.load(dy + half + token * dyStride));
      v128.store(stagedTime + at, multiplyAdd(gap, rest, own));
      v128.store(stagedInput + at, f32x4.mul(own, ownU));
      v128.store(stagedGap + at, gap);
    }
  }
}

/** Rows of dU, in the first direction overwritten; the total of dL/dΔ; the sums for D and, across gaps, Δ's bias. */
function finishDirection(
  length: i32,
  order: usize,
  isFirst: bool,
  d: usize,
  deltaBias: usize,
  dU: usize,
  dUStride: i32,
  dDeltaBias: usize,
  dD: usize,
): void {
  // The staged A carries a factor log2 e.
  const ln2 = f32x4.splat(LN2);
  for (let half: usize = 0; half < ROW; half += 16) {
    const skip = v128.load(d + half);
    let ownD = f32x4.splat(0);
    let rest = f32x4.splat(0);
    for (let step = 0; step < length; step++) {
      const at = <usize>step * ROW + half;
      const dy = v128.load(stagedDy + at);
      const u = v128.load(stagedU + at);
      const dInput = v128.load(stagedInput + at);
      const dTime = f32x4.mul(v128.load(stagedTime + at), ln2);
      const total = v128.load(totalDelta + at);
      v128.store(totalDelta + at, f32x4.add(total, multiplyAdd(u, dInput, dTime)));
      const to = dU + half + load<i32>(order + (step << 2)) * dUStride;
      const own = multiplyAdd(v128.load(stagedDelta + at), dInput, f32x4.mul(skip, dy));
      v128.store(to, isFirst ? own : f32x4.add(v128.load(to), own));
      ownD = multiplyAdd(u, dy, ownD);
      rest = multiplyAdd(v128.load(stagedGap + at), dTime, rest);
    }
    const slope = sigmoid(
      v128.load(deltaBias + half),
      splat(ROUND),
      splat(EXP5),
      splat(EXP4),
      splat(EXP3),
      splat(EXP2),
      splat(EXP1),
      splat(ONE),
    );
    v128.store(dD + half, f32x4.add(v128.load(dD + half), ownD));
    v128.store(dDeltaBias + half, multiplyAdd(rest, slope, v128.load(dDeltaBias + half)));
  }
}

/** The rows of dΔ through softplus, and their sum. */
function finishGroup(length: i32, dDelta: usize, dDeltaStride: i32, dDeltaBias: usize): void {
  for (let half: usize = 0; half < ROW; half += 16) {
    let sum = v128.load(dDeltaBias + half);
    let to = dDelta + half;
    for (let step = 0; step < length; step++) {
      const at = <usize>step * ROW + half;
      const raw = f32x4.mul(v128.load(totalDelta + at), v128.load(stagedSlope + at));
      v128.store(to, raw);
      sum = f32x4.add(sum, raw);
      to += dDeltaStride;
    }
    v128.store(dDeltaBias + half, sum);
  }
}

/** The sums over channels: rows of dB over all directions, of dC, and the moves' vectors. */
function sumChannels(
  length: i32,
  states: i32,
  moves: usize,
  dB: usize,
  dBStride: i32,
  dC: usize,
  dCStride: i32,
  dDirectionB: usize,
): void {
  for (let step = 0; step < length; step++) {
    for (let n = 0; n < states; n++) {
      const at = <usize>(step * states + n) << 4;
      let sum: f32 = 0;
      for (let direction = 0; direction < DIRECTIONS; direction++) {
        const own = sumOfLanes(v128.load(sumsB + (<usize>(direction * length * states) << 4) + at));
        const move = load<i32>(moves + (<usize>(direction * length + step) << 2));
        const to = dDirectionB + (<usize>(move * states + n) << 2);
        store<f32>(to, load<f32>(to) + own);
        sum += own;
      }
      store<f32>(dB + step * dBStride + (n << 2), sum);
      store<f32>(dC + step * dCStride + (n << 2), sumOfLanes(v128.load(sumsC + at)));
    }
  }
}
