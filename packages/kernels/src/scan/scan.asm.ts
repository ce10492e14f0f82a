/**
 * The selective scan of one sequence in one direction, everything between the projections in one pass:
 *
 *     Δ_t = softplus(delta_t + bias)
 *     h_t = exp((Δ_t + gap_t · Δ∅) A) h_{t-1} + Δ_t B_t u_t        Δ∅ = softplus(bias)
 *     y_t = C_t · h_t + D u_t
 *
 * then, as asked, accumulation into y and the gate SiLU(z).
 *
 * Three steps per chunk of tokens: prepare (Δ, its gap, Δ u), recur (exp, recurrence, C · h: four fifths of the
 * work) and finish (D u, sum, gate). Scan order is only a matter of row addresses and signs of strides.
 */
import { finish } from './finish.asm';
import { EXP1, EXP2, EXP3, EXP4, EXP5, maxOfLanes, multiplyAdd, ONE, ROUND, softplus, splat } from '../common/math.asm';
import { recurClamped, recurWithin } from './recurrence.asm';
import {
  CHUNK,
  chunkInput,
  chunkTime,
  copyFloats,
  GROUP,
  TAIL_ROW,
  TILE,
  TILE_STATES,
  tailDelta,
  tailU,
  tailY,
  tailZ,
  tileA,
  tileBias,
  tileD,
  tileH,
  tileRest,
  tileWidth,
} from '../common/workspace.asm';

const LOG2E: f32 = 1.4426950408889634;

/**
 * Addresses are of row 0 whatever the direction, strides are bytes from row to row. `z` (with a stride of 0),
 * `positions` and `own` may be 0: no gate, no gaps, this direction's own output not wanted. `ownGated` needs `z`.
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
  own: usize,
  ownStride: i32,
  ownGated: bool,
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
    if (own) own += last * ownStride;
    deltaStride = -deltaStride;
    bStride = -bStride;
    cStride = -cStride;
    uStride = -uStride;
    yStride = -yStride;
    zStride = -zStride;
    ownStride = -ownStride;
    positionStep = -4;
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
      let ownRow = own ? own + first * ownStride + at : 0;
      let deltaStep = deltaStride;
      let uStep = uStride;
      let zStep = zStride;
      let yStep = yStride;
      let ownStep = ownStride;
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
        if (own) ownRow = tailZ;
        deltaStep = uStep = zStep = yStep = ownStep = TAIL_ROW;
      }
      const position = positions ? positions + first * positionStep : 0;
      const isFirst = first == 0;
      const longest = prepare(steps, padded, deltaRow, deltaStep, uRow, uStep, position, positionStep, isFirst);
      const bRow = b + first * bStride;
      const cRow = c + first * cStride;
      if (longest * steepest < <f32>125) recurWithin(steps, padded, states, bRow, bStride, cRow, cStride);
      else recurClamped(steps, padded, states, bRow, bStride, cRow, cStride);
      finish(
        steps,
        padded,
        uRow,
        uStep,
        yRow,
        yStep,
        zRow,
        zStep,
        accumulate,
        gated,
        scale,
        ownRow,
        ownStep,
        ownGated,
      );
      if (isTail) {
        const row = y + first * yStride + at;
        const ownFirst = own + first * ownStride + at;
        for (let step = 0; step < steps; step++) {
          copyFloats(row + step * yStride, tailY + step * TAIL_ROW, width);
          if (own) copyFloats(ownFirst + step * ownStride, tailZ + step * TAIL_ROW, width);
        }
      }
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
      const raw0 = f32x4.add(v128.load(delta + at), v128.load(tileBias + at));
      const raw1 = f32x4.add(v128.load(delta + at, 16), v128.load(tileBias + at, 16));
      const delta0 = softplus(raw0, round, c5, c4, c3, c2, c1, one);
      const delta1 = softplus(raw1, round, c5, c4, c3, c2, c1, one);
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

