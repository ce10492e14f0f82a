/** The scan's last step, over one chunk of tokens and one tile: D u, sum over directions, gate, score. */
import { EXP1, EXP2, EXP3, EXP4, EXP5, multiplyAdd, ONE, ROUND, silu, splat, sumOfLanes } from '../common/math.asm';
import { chunkOutput, tileD } from '../common/workspace.asm';

/** Signals a score is made from, and reductions over channels; the caller's numbering. */
export const NO_SCORE: i32 = 0;
export const GATED: i32 = 1;
const OWN_GATED: i32 = 2;
export const SSM: i32 = 3;
const CLIP: i32 = 0;
const SUM: i32 = 1;
const L1: i32 = 2;
export const L2: i32 = 3;

/** One reduced value more: a token's score grows by the channels in `value`. */
// @ts-ignore: decorator
@inline
export function reduced(sum: v128, value: v128, reduction: i32): v128 {
  if (reduction == CLIP) return f32x4.add(sum, f32x4.pmax(value, f32x4.splat(0)));
  if (reduction == SUM) return f32x4.add(sum, value);
  if (reduction == L1) return f32x4.add(sum, f32x4.abs(value));
  return multiplyAdd(value, value, sum);
}

/** chunkOutput + D u, the sum over directions, gate and score of one chunk; writes y. */
export function finish(
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
