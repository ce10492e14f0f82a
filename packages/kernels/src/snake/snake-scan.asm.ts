/**
 * The four-direction scan of one image. Per tile of channels: y = 4 D u; then, chunk of steps by chunk, Δ and the
 * gathered Δ u of each direction, the recurrence, and its output added to the y of the visited tokens; last of all
 * the gate.
 */
import {
  EXP1,
  EXP2,
  EXP3,
  EXP4,
  EXP5,
  maxOfLanes,
  multiplyAdd,
  ONE,
  ROUND,
  silu,
  softplus,
  splat,
} from '../common/math.asm';
import { fillGapDecays, recur } from './snake-recurrence.asm';
import {
  DIRECTIONS,
  GROUP_ROW,
  MAX_TABLED_GAP,
  ROWS_STEP,
  SNAKE_CHUNK,
  SNAKE_STATES,
  SNAKE_TILE,
  snakeA,
  snakeB,
  snakeBias,
  snakeD,
  snakeGaps,
  snakeH,
  snakeRest,
  snakeRows,
  snakeTail,
  snakeTailU,
  snakeTailY,
  snakeTime,
  TIME_GROUP,
} from './snake-workspace.asm';
import { copyFloats, GROUP, tileWidth } from '../common/workspace.asm';

const LOG2E: f32 = 1.4426950408889634;

/**
 * Strides are bytes from row to row. `orders`, `moves`, `gaps` [4, length]; `gaps`, `z` (with a stride of 0) and
 * `sum` may be 0: no gaps, no gate, the sum before the gate not wanted.
 */
export function snakeScan(
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
  y: usize,
  yStride: i32,
  z: usize,
  zStride: i32,
  sum: usize,
  sumStride: i32,
): void {
  const gated = zStride != 0;
  const longestGap = gaps ? largest(gaps, DIRECTIONS * length) : 0;
  const tableBytes = length << 2;
  const widest = min(SNAKE_TILE, SNAKE_STATES / states);
  let width: i32 = 0;
  for (let tile = 0; tile < channels; tile += width) {
    const left = channels - tile;
    width = tileWidth(left, widest);
    const padded = max(width, GROUP);
    const at = tile << 2;
    const steepest = loadTile(width, padded, states, a + at * states, d + at, deltaBias + at, longestGap);
    for (let token = 0; token < length; token++) {
      skip(width, u + at + token * uStride, y + at + token * yStride);
    }
    for (let first = 0; first < length; first += SNAKE_CHUNK) {
      const steps = min(SNAKE_CHUNK, length - first);
      const firstInTables = first << 2;
      const order = orders + firstInTables;
      const isTail = width < GROUP;
      if (isTail) {
        gatherTail(steps, width, order, tableBytes, u + at, uStride);
        listRows(steps, 0, 0, snakeTailU, GROUP_ROW, snakeTailY, GROUP_ROW);
      } else {
        listRows(steps, order, tableBytes, u + at, uStride, y + at, yStride);
      }
      addDirections(steps, states, b + first * bStride, bStride, directionB, moves + firstInTables, tableBytes);
      const longest = prepareTime(steps, width, delta + at + first * deltaStride, deltaStride);
      recur(
        steps,
        padded,
        states,
        longest * steepest < <f32>125,
        c + first * cStride,
        cStride,
        longestGap ? gaps + firstInTables : 0,
        tableBytes,
      );
      if (isTail) scatterTail(steps, width, order, tableBytes, y + at, yStride);
    }
    for (let token = 0; token < length; token++) {
      const row = y + at + token * yStride;
      if (sum) copyFloats(sum + at + token * sumStride, row, width);
      if (gated) gateToken(width, row, z + at + token * zStride);
    }
  }
}

function largest(values: usize, count: i32): i32 {
  let most = 0;
  for (let i = 0; i < count; i++) most = max(most, load<i32>(values + (i << 2)));
  return most;
}

/**
 * Parameters of a tile into scratch, zeros beyond `width`; the states to zero; the decays of gaps up to `longestGap`.
 * Returns max |A| · log2 e.
 */
function loadTile(
  width: i32,
  padded: i32,
  states: i32,
  a: usize,
  d: usize,
  deltaBias: usize,
  longestGap: i32,
): f32 {
  const bytes = (padded * states) << 2;
  if (width < padded) {
    memory.fill(snakeA, 0, bytes);
    memory.fill(snakeBias, 0, padded << 2);
  }
  memory.fill(snakeH, 0, DIRECTIONS * bytes);
  copyFloats(snakeD, d, width);
  copyFloats(snakeBias, deltaBias, width);
  const round = splat(ROUND);
  const c5 = splat(EXP5);
  const c4 = splat(EXP4);
  const c3 = splat(EXP3);
  const c2 = splat(EXP2);
  const c1 = splat(EXP1);
  const one = splat(ONE);
  for (let at = 0; at < padded << 2; at += 16) {
    v128.store(snakeRest + at, softplus(v128.load(snakeBias + at), round, c5, c4, c3, c2, c1, one));
  }
  let steepest: f32 = 0;
  for (let channel = 0; channel < width; channel++) {
    const group = snakeA + (((channel & ~(GROUP - 1)) * states + (channel & (GROUP - 1))) << 2);
    for (let n = 0; n < states; n++) {
      const value = load<f32>(a + ((channel * states + n) << 2)) * LOG2E;
      store<f32>(group + (n << 5), value);
      steepest = max(steepest, abs(value));
    }
  }
  if (longestGap) {
    const bytesOfGroup = states * GROUP_ROW;
    let to = snakeGaps;
    for (let group = 0; group < padded / GROUP; group++) {
      for (let gap = 0; gap <= min(longestGap, MAX_TABLED_GAP); gap++) {
        const rest = snakeRest + group * GROUP_ROW;
        fillGapDecays(gap, rest, snakeA + group * bytesOfGroup, states, to + gap * bytesOfGroup);
      }
      to += (MAX_TABLED_GAP + 1) * bytesOfGroup;
    }
  }
  return steepest;
}

/** y = 4 D u of one token. */
function skip(width: i32, u: usize, y: usize): void {
  const whole = (width & ~3) << 2;
  const bytes = width << 2;
  const four = f32x4.splat(4);
  let at = 0;
  for (; at < whole; at += 16) {
    v128.store(y + at, f32x4.mul(f32x4.mul(four, v128.load(snakeD + at)), v128.load(u + at)));
  }
  for (; at < bytes; at += 4) store<f32>(y + at, 4 * load<f32>(snakeD + at) * load<f32>(u + at));
}

/** Fills snakeTime with Δ. Returns the largest. */
function prepareTime(steps: i32, width: i32, delta: usize, deltaStride: i32): f32 {
  const round = splat(ROUND);
  const c5 = splat(EXP5);
  const c4 = splat(EXP4);
  const c3 = splat(EXP3);
  const c2 = splat(EXP2);
  const c1 = splat(EXP1);
  const one = splat(ONE);
  let longest = f32x4.splat(0);
  const bytes = max(width, GROUP) << 2;
  memory.fill(snakeTail, 0, GROUP_ROW);
  for (let step = 0; step < steps; step++) {
    let from = delta + step * deltaStride;
    if (width < GROUP) {
      copyFloats(snakeTail, from, width);
      from = snakeTail;
    }
    const to = snakeTime + step * GROUP_ROW;
    for (let at = 0; at < bytes; at += 16) {
      const raw = f32x4.add(v128.load(from + at), v128.load(snakeBias + at));
      const time = softplus(raw, round, c5, c4, c3, c2, c1, one);
      // The group, and the half of it.
      v128.store(to + at / GROUP_ROW * TIME_GROUP + at % GROUP_ROW, time);
      longest = f32x4.pmax(longest, time);
    }
  }
  return maxOfLanes(longest);
}

/**
 * snakeRows: for each step the addresses of u's rows in the four directions, then y's. Without `order` the rows are
 * scratch, four to a step.
 */
function listRows(
  steps: i32,
  order: usize,
  tableBytes: i32,
  u: usize,
  uStride: i32,
  y: usize,
  yStride: i32,
): void {
  for (let step = 0; step < steps; step++) {
    const to = snakeRows + step * ROWS_STEP;
    for (let direction = 0; direction < DIRECTIONS; direction++) {
      const at = direction << 2;
      const row = order
        ? load<i32>(order + direction * tableBytes + (step << 2))
        : step * DIRECTIONS + direction;
      store<u32>(to + at, <u32>(u + row * uStride));
      store<u32>(to + at, <u32>(y + row * yStride), 4 * DIRECTIONS);
    }
  }
}

/** The visited rows of u into scratch, padded with zeros; zeros for y. */
function gatherTail(steps: i32, width: i32, order: usize, tableBytes: i32, u: usize, uStride: i32): void {
  memory.fill(snakeTailU, 0, 2 * (snakeTailY - snakeTailU));
  for (let i = 0; i < steps * DIRECTIONS; i++) {
    const row = load<i32>(order + (i % DIRECTIONS) * tableBytes + ((i / DIRECTIONS) << 2));
    copyFloats(snakeTailU + i * GROUP_ROW, u + row * uStride, width);
  }
}

/** Adds what the directions left in scratch to the rows of y. */
function scatterTail(steps: i32, width: i32, order: usize, tableBytes: i32, y: usize, yStride: i32): void {
  for (let i = 0; i < steps * DIRECTIONS; i++) {
    const row = load<i32>(order + (i % DIRECTIONS) * tableBytes + ((i / DIRECTIONS) << 2));
    for (let at = 0; at < width << 2; at += 4) {
      const to = y + row * yStride + at;
      store<f32>(to, load<f32>(to) + load<f32>(snakeTailY + i * GROUP_ROW + at));
    }
  }
}

/** snakeB: B of each step plus the vector of each direction's move, four directions side by side. */
function addDirections(
  steps: i32,
  states: i32,
  b: usize,
  bStride: i32,
  directionB: usize,
  moves: usize,
  tableBytes: i32,
): void {
  const bytes = states << 2;
  let to = snakeB;
  for (let step = 0; step < steps; step++) {
    const move = moves + (step << 2);
    const own0 = directionB + load<i32>(move) * bytes;
    const own1 = directionB + load<i32>(move + tableBytes) * bytes;
    const own2 = directionB + load<i32>(move + 2 * tableBytes) * bytes;
    const own3 = directionB + load<i32>(move + 3 * tableBytes) * bytes;
    const from = b + step * bStride;
    for (let at = 0; at < bytes; at += 16) {
      const common = v128.load(from + at);
      const b0 = f32x4.add(common, v128.load(own0 + at));
      const b1 = f32x4.add(common, v128.load(own1 + at));
      const b2 = f32x4.add(common, v128.load(own2 + at));
      const b3 = f32x4.add(common, v128.load(own3 + at));
      const low01 = v128.shuffle<f32>(b0, b1, 0, 4, 1, 5);
      const low23 = v128.shuffle<f32>(b2, b3, 0, 4, 1, 5);
      const high01 = v128.shuffle<f32>(b0, b1, 2, 6, 3, 7);
      const high23 = v128.shuffle<f32>(b2, b3, 2, 6, 3, 7);
      v128.store(to, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5));
      v128.store(to, v128.shuffle<f32>(low01, low23, 2, 3, 6, 7), 16);
      v128.store(to, v128.shuffle<f32>(high01, high23, 0, 1, 4, 5), 32);
      v128.store(to, v128.shuffle<f32>(high01, high23, 2, 3, 6, 7), 48);
      to += 64;
    }
  }
}

/** y of one token, which is complete, becomes SiLU(z) y. */
function gateToken(width: i32, y: usize, z: usize): void {
  const whole = (width & ~3) << 2;
  const bytes = width << 2;
  const round = splat(ROUND);
  const c5 = splat(EXP5);
  const c4 = splat(EXP4);
  const c3 = splat(EXP3);
  const c2 = splat(EXP2);
  const c1 = splat(EXP1);
  const one = splat(ONE);
  for (let at = 0; at < bytes; at += 16) {
    // The last few channels go through lanes one by one, zeros in the others.
    const few = at == whole;
    const gate = few ? loadSome(z + at, bytes - at) : v128.load(z + at);
    const out = few ? loadSome(y + at, bytes - at) : v128.load(y + at);
    const gatedOut = f32x4.mul(out, silu(gate, round, c5, c4, c3, c2, c1, one));
    if (few) storeSome(y + at, gatedOut, bytes - at);
    else v128.store(y + at, gatedOut);
  }
}

/** Up to three floats, zeros in the other lanes. */
function loadSome(from: usize, bytes: i32): v128 {
  v128.store(snakeTail, f32x4.splat(0));
  copyFloats(snakeTail, from, bytes >> 2);
  return v128.load(snakeTail);
}

function storeSome(to: usize, value: v128, bytes: i32): void {
  v128.store(snakeTail, value);
  copyFloats(to, snakeTail, bytes >> 2);
}
