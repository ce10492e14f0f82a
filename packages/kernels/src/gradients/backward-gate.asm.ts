/** The gate as a step of its own, y = scale · SiLU(z) · ssm, and its gradient. Rows of whole vectors. */
import { sigmoid, siluSlope } from './backward-math.asm';
import { EXP1, EXP2, EXP3, EXP4, EXP5, ONE, ROUND, silu, splat } from '../common/math.asm';

/** Strides are bytes; `channels` is a multiple of 4. */
export function gate(
  length: i32,
  channels: i32,
  scale: f32,
  ssm: usize,
  ssmStride: i32,
  z: usize,
  zStride: i32,
  y: usize,
  yStride: i32,
): void {
  const round = splat(ROUND);
  const c5 = splat(EXP5);
  const c4 = splat(EXP4);
  const c3 = splat(EXP3);
  const c2 = splat(EXP2);
  const c1 = splat(EXP1);
  const one = splat(ONE);
  const scales = f32x4.splat(scale);
  const bytes = <usize>channels << 2;
  for (let token = 0; token < length; token++) {
    for (let at: usize = 0; at < bytes; at += 16) {
      const open = silu(v128.load(z + at), round, c5, c4, c3, c2, c1, one);
      v128.store(y + at, f32x4.mul(f32x4.mul(v128.load(ssm + at), open), scales));
    }
    ssm += ssmStride;
    z += zStride;
    y += yStride;
  }
}

/** dy → dSsm, dZ; a row of dy is read before dSsm is written. */
export function gateBackward(
  length: i32,
  channels: i32,
  scale: f32,
  ssm: usize,
  ssmStride: i32,
  z: usize,
  zStride: i32,
  dy: usize,
  dyStride: i32,
  dSsm: usize,
  dSsmStride: i32,
  dZ: usize,
  dZStride: i32,
): void {
  const round = splat(ROUND);
  const c5 = splat(EXP5);
  const c4 = splat(EXP4);
  const c3 = splat(EXP3);
  const c2 = splat(EXP2);
  const c1 = splat(EXP1);
  const one = splat(ONE);
  const scales = f32x4.splat(scale);
  const bytes = <usize>channels << 2;
  for (let token = 0; token < length; token++) {
    for (let at: usize = 0; at < bytes; at += 16) {
      const x = v128.load(z + at);
      const s = sigmoid(x, round, c5, c4, c3, c2, c1, one);
      const scaled = f32x4.mul(v128.load(dy + at), scales);
      v128.store(dZ + at, f32x4.mul(f32x4.mul(scaled, v128.load(ssm + at)), siluSlope(x, s, one)));
      v128.store(dSsm + at, f32x4.mul(scaled, f32x4.mul(x, s)));
    }
    ssm += ssmStride;
    z += zStride;
    dy += dyStride;
    dSsm += dSsmStride;
    dZ += dZStride;
  }
}
