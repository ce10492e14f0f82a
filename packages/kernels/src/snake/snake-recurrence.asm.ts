/**
 * The inner loops of the four-direction scan, over one chunk of steps and one tile of channels. For each group of
 * eight channels: exp(Δ A) of all steps and states once, into scratch; then, step by step, the four recurrences
 * h = exp(Δ A) h + Δ u B, C · h, which share it, each added to y in the row of the token that it visits.
 *
 * What was tried, in ms for 196 steps of 768 channels with 16 states on one Zen 4 core at 3.7 GHz under Node 24, where
 * four single-direction scans take 6.0:
 * - states in registers through a chunk, two directions of four states at a time: 3.1; chunks of 8 or 32 steps
 *   instead of 16, or tiles of 64 or 256 channels instead of 128, were no faster
 * - states in the first-level cache, the inputs and sums of all four directions in registers: 2.5; with that loop
 *   unrolled twice 2.5, four times 2.7; with inputs gathered and outputs scattered through scratch 2.6
 */
import { EXP1, EXP2, EXP3, EXP4, EXP5, LOWEST, multiplyAdd, ONE, ROUND, splat } from '../common/math.asm';
import { decay, NEGLIGIBLE } from '../scan/recurrence.asm';
import {
  DECAY_ROW,
  DIRECTIONS,
  GROUP_ROW,
  MAX_TABLED_GAP,
  ROWS_STEP,
  STATE_BLOCK,
  snakeA,
  snakeB,
  snakeDecay,
  snakeGaps,
  snakeH,
  snakeLongGaps,
  snakeRest,
  snakeRows,
  snakeTime,
  TIME_GROUP,
} from './snake-workspace.asm';
import { GROUP } from '../common/workspace.asm';

/** Bytes of one state in snakeH and in snakeB. */
const STATE_ROW: i32 = DIRECTIONS * GROUP_ROW;
const STATE_B: i32 = DIRECTIONS * 4;

/**
 * The whole chunk. `within`: |Δ A| log2 e < 125 throughout. `gaps` is 0 or the address of the first step's gap in the
 * first direction, `gapsStep` bytes before the next direction's.
 */
export function recur(
  steps: i32,
  width: i32,
  states: i32,
  within: bool,
  c: usize,
  cStep: i32,
  gaps: usize,
  gapsStep: i32,
): void {
  for (let group = 0; group < width / GROUP; group++) {
    for (let first = 0; first < states; first += STATE_BLOCK) {
      const count = min(STATE_BLOCK, states - first);
      const pairs = (group * states + first) * GROUP_ROW;
      const time = snakeTime + group * TIME_GROUP;
      if (within) shareWithin(steps, time, snakeA + pairs, count);
      else shareClamped(steps, time, snakeA + pairs, count);
      const b = snakeB + first * STATE_B;
      recurBlock(steps, count, pairs, group, states, b, c + (first << 2), cStep, gaps, gapsStep);
      dropNegligible(snakeH + DIRECTIONS * pairs, count * STATE_ROW);
    }
  }
}

/** exp(Δ A) of one group and one block of states into snakeDecay. */
// @ts-ignore: decorator
@inline
function share(steps: i32, time: usize, a: usize, count: i32, clamp: bool): void {
  const lowest = splat(LOWEST);
  const round = splat(ROUND);
  const c5 = splat(EXP5);
  const c4 = splat(EXP4);
  const c3 = splat(EXP3);
  const c2 = splat(EXP2);
  const c1 = splat(EXP1);
  const one = splat(ONE);
  const bytes = count * GROUP_ROW;
  let row = snakeDecay;
  for (let step = 0; step < steps; step++) {
    const time0 = v128.load(time);
    const time1 = v128.load(time, 16);
    for (let at = 0; at < bytes; at += GROUP_ROW) {
      const from = a + at;
      const to = row + at;
      v128.store(to, decay(time0, v128.load(from), clamp, lowest, round, c5, c4, c3, c2, c1, one));
      v128.store(to, decay(time1, v128.load(from, 16), clamp, lowest, round, c5, c4, c3, c2, c1, one), 16);
    }
    time += GROUP_ROW;
    row += DECAY_ROW;
  }
}

function shareWithin(steps: i32, time: usize, a: usize, count: i32): void {
  share(steps, time, a, count, false);
}

function shareClamped(steps: i32, time: usize, a: usize, count: i32): void {
  share(steps, time, a, count, true);
}

/** The recurrences of one group and one block of states. */
function recurBlock(
  steps: i32,
  count: i32,
  pairs: i32,
  group: i32,
  states: i32,
  b: usize,
  c: usize,
  cStep: i32,
  gaps: usize,
  gapsStep: i32,
): void {
  const h = snakeH + DIRECTIONS * pairs;
  const a = snakeA + pairs;
  const rest = snakeRest + group * GROUP_ROW;
  const tableStep = states * GROUP_ROW;
  const table = snakeGaps + MAX_TABLED_GAP * group * tableStep + pairs;
  let rows = snakeRows;
  let time = snakeTime + group * TIME_GROUP;
  let shared = snakeDecay;
  for (let step = 0; step < steps; step++) {
    let anyGap = 0;
    let decays0: usize = 0;
    let decays1: usize = 0;
    let decays2: usize = 0;
    let decays3: usize = 0;
    if (gaps) {
      const gap0 = load<i32>(gaps);
      const gap1 = load<i32>(gaps + gapsStep);
      const gap2 = load<i32>(gaps + 2 * gapsStep);
      const gap3 = load<i32>(gaps + 3 * gapsStep);
      anyGap = gap0 | gap1 | gap2 | gap3;
      if (anyGap) {
        decays0 = gapDecays(gap0, table, tableStep, rest, a, count, snakeLongGaps);
        decays1 = gapDecays(gap1, table, tableStep, rest, a, count, snakeLongGaps + DECAY_ROW);
        decays2 = gapDecays(gap2, table, tableStep, rest, a, count, snakeLongGaps + 2 * DECAY_ROW);
        decays3 = gapDecays(gap3, table, tableStep, rest, a, count, snakeLongGaps + 3 * DECAY_ROW);
      }
      gaps += 4;
    }
    for (let half = 0; half < GROUP_ROW; half += 16) {
      const at = group * GROUP_ROW + half;
      const delta = v128.load(time + half);
      const x0 = f32x4.mul(delta, v128.load(<usize>load<u32>(rows) + at));
      const x1 = f32x4.mul(delta, v128.load(<usize>load<u32>(rows, 4) + at));
      const x2 = f32x4.mul(delta, v128.load(<usize>load<u32>(rows, 8) + at));
      const x3 = f32x4.mul(delta, v128.load(<usize>load<u32>(rows, 12) + at));
      let y0 = f32x4.splat(0);
      let y1 = f32x4.splat(0);
      let y2 = f32x4.splat(0);
      let y3 = f32x4.splat(0);
      let pd = shared + half;
      let ph = h + half;
      let pb = b;
      let pc = c;
      const end = pc + (count << 2);
      // The same loop twice: most steps have no gap, and then there is nothing more to multiply by.
      if (anyGap) {
        let from = half;
        do {
          const d = v128.load(pd);
          const cn = v128.load32_splat(pc);
          const d0 = f32x4.mul(d, v128.load(decays0 + from));
          const h0 = multiplyAdd(d0, v128.load(ph), f32x4.mul(x0, v128.load32_splat(pb)));
          y0 = multiplyAdd(h0, cn, y0);
          v128.store(ph, h0);
          const d1 = f32x4.mul(d, v128.load(decays1 + from));
          const h1 = multiplyAdd(d1, v128.load(ph, 32), f32x4.mul(x1, v128.load32_splat(pb, 4)));
          y1 = multiplyAdd(h1, cn, y1);
          v128.store(ph, h1, 32);
          const d2 = f32x4.mul(d, v128.load(decays2 + from));
          const h2 = multiplyAdd(d2, v128.load(ph, 64), f32x4.mul(x2, v128.load32_splat(pb, 8)));
          y2 = multiplyAdd(h2, cn, y2);
          v128.store(ph, h2, 64);
          const d3 = f32x4.mul(d, v128.load(decays3 + from));
          const h3 = multiplyAdd(d3, v128.load(ph, 96), f32x4.mul(x3, v128.load32_splat(pb, 12)));
          y3 = multiplyAdd(h3, cn, y3);
          v128.store(ph, h3, 96);
          from += GROUP_ROW;
          pd += GROUP_ROW;
          ph += STATE_ROW;
          pb += STATE_B;
          pc += 4;
        } while (pc < end);
      } else {
        do {
          const d = v128.load(pd);
          const cn = v128.load32_splat(pc);
          const h0 = multiplyAdd(d, v128.load(ph), f32x4.mul(x0, v128.load32_splat(pb)));
          y0 = multiplyAdd(h0, cn, y0);
          v128.store(ph, h0);
          const h1 = multiplyAdd(d, v128.load(ph, 32), f32x4.mul(x1, v128.load32_splat(pb, 4)));
          y1 = multiplyAdd(h1, cn, y1);
          v128.store(ph, h1, 32);
          const h2 = multiplyAdd(d, v128.load(ph, 64), f32x4.mul(x2, v128.load32_splat(pb, 8)));
          y2 = multiplyAdd(h2, cn, y2);
          v128.store(ph, h2, 64);
          const h3 = multiplyAdd(d, v128.load(ph, 96), f32x4.mul(x3, v128.load32_splat(pb, 12)));
          y3 = multiplyAdd(h3, cn, y3);
          v128.store(ph, h3, 96);
          pd += GROUP_ROW;
          ph += STATE_ROW;
          pb += STATE_B;
          pc += 4;
        } while (pc < end);
      }
      // One after the other: two directions may visit the same token.
      addTo(<usize>load<u32>(rows, 16) + at, y0);
      addTo(<usize>load<u32>(rows, 20) + at, y1);
      addTo(<usize>load<u32>(rows, 24) + at, y2);
      addTo(<usize>load<u32>(rows, 28) + at, y3);
    }
    rows += ROWS_STEP;
    time += GROUP_ROW;
    shared += DECAY_ROW;
    b += states * STATE_B;
    c += cStep;
  }
}

// @ts-ignore: decorator
@inline
function addTo(to: usize, value: v128): void {
  v128.store(to, f32x4.add(v128.load(to), value));
}

/** Where the decays of a gap are, [count, 8]: in the table, or computed for this once into `long`. */
// @ts-ignore: decorator
@inline
function gapDecays(gap: i32, table: usize, tableStep: i32, rest: usize, a: usize, count: i32, long: usize): usize {
  if (gap <= MAX_TABLED_GAP) return table + gap * tableStep;
  fillGapDecays(gap, rest, a, count, long);
  return long;
}

/** exp(gap · Δ∅ · A) of `count` states of one group. */
export function fillGapDecays(gap: i32, rest: usize, a: usize, count: i32, to: usize): void {
  const lowest = splat(LOWEST);
  const round = splat(ROUND);
  const c5 = splat(EXP5);
  const c4 = splat(EXP4);
  const c3 = splat(EXP3);
  const c2 = splat(EXP2);
  const c1 = splat(EXP1);
  const one = splat(ONE);
  const gaps = f32x4.splat(<f32>gap);
  const time0 = f32x4.mul(gaps, v128.load(rest));
  const time1 = f32x4.mul(gaps, v128.load(rest, 16));
  for (let n = 0; n < count; n++) {
    v128.store(to, decay(time0, v128.load(a), true, lowest, round, c5, c4, c3, c2, c1, one));
    v128.store(to, decay(time1, v128.load(a, 16), true, lowest, round, c5, c4, c3, c2, c1, one), 16);
    a += GROUP_ROW;
    to += GROUP_ROW;
  }
}

/** States too small to matter to zero, so that a fading one never stays among the denormals. */
function dropNegligible(h: usize, bytes: i32): void {
  const negligible = splat(NEGLIGIBLE);
  const end = h + bytes;
  for (; h < end; h += 16) {
    const value = v128.load(h);
    v128.store(h, v128.and(value, f32x4.gt(f32x4.abs(value), negligible)));
  }
}
