/** The scan's last step, over one chunk of tokens and one tile: D u, sum over directions, gate. */
import { EXP1, EXP2, EXP3, EXP4, EXP5, multiplyAdd, ONE, ROUND, silu, splat } from '../common/math.asm';
import { chunkOutput, tileD } from '../common/workspace.asm';

/** chunkOutput + D u, the sum over directions and the gate of one chunk; writes y and, unless it is 0, own. */
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
  own: usize,
  ownStep: i32,
  ownGated: bool,
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
    for (let at = 0; at < bytes; at += 16) {
      const alone = multiplyAdd(v128.load(tileD + at), v128.load(u + at), v128.load(row + at));
      let out = alone;
      if (accumulate) out = f32x4.add(out, v128.load(y + at));
      let left = alone;
      if (gated) {
        const gate = silu(v128.load(z + at), round, c5, c4, c3, c2, c1, one);
        out = f32x4.mul(f32x4.mul(out, gate), scales);
        if (ownGated) left = f32x4.mul(alone, gate);
      }
      v128.store(y + at, out);
      // Last: in a narrow tile it takes the place of z.
      if (own) v128.store(own + at, left);
    }
    u += uStep;
    y += yStep;
    z += zStep;
    own += ownStep;
  }
}
