/** Δ = softplus(delta + bias), as the scan makes it, left where a rule can read it. */
import { EXP1, EXP2, EXP3, EXP4, EXP5, ONE, ROUND, softplus, splat } from '../common/math.asm';
import { copyFloats, tailDelta, tailU } from '../common/workspace.asm';

/** Strides are bytes. */
export function activateDelta(
  length: i32,
  channels: i32,
  delta: usize,
  deltaStride: i32,
  bias: usize,
  to: usize,
  toStride: i32,
): void {
  const round = splat(ROUND);
  const c5 = splat(EXP5);
  const c4 = splat(EXP4);
  const c3 = splat(EXP3);
  const c2 = splat(EXP2);
  const c1 = splat(EXP1);
  const one = splat(ONE);
  const whole = (channels & ~3) << 2;
  const rest = channels & 3;
  for (let token = 0; token < length; token++) {
    for (let at = 0; at < whole; at += 16) {
      const raw = f32x4.add(v128.load(delta + at), v128.load(bias + at));
      v128.store(to + at, softplus(raw, round, c5, c4, c3, c2, c1, one));
    }
    if (rest) {
      // The last few channels beside whatever the scratch holds.
      copyFloats(tailDelta, delta + whole, rest);
      copyFloats(tailU, bias + whole, rest);
      const raw = f32x4.add(v128.load(tailDelta), v128.load(tailU));
      v128.store(tailDelta, softplus(raw, round, c5, c4, c3, c2, c1, one));
      copyFloats(to + whole, tailDelta, rest);
    }
    delta += deltaStride;
    to += toStride;
  }
}
