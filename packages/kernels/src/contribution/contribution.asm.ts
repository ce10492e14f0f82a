/** Before and after the scan that reads contributions: contribution.ts has the formulas. Strides are bytes. */
import { EXP1, EXP2, EXP3, EXP4, EXP5, multiplyAdd, ONE, ROUND, silu, softplus, splat } from '../common/math.asm';
import { copyFloats, tailDelta, tailU, tailY, tailZ } from '../common/workspace.asm';

/** The last few channels of a bias, beside those of delta. */
const tailBias: usize = tailDelta + 16;

export function readerWeights(
  length: i32,
  channels: i32,
  delta: usize,
  deltaStride: i32,
  bias: usize,
  z: usize,
  zStride: i32,
  to: usize,
  toStride: i32,
): void {
  const whole = (channels & ~3) << 2;
  const rest = channels & 3;
  for (let token = 0; token < length; token++) {
    for (let at = 0; at < whole; at += 16) weigh(delta + at, bias + at, z + at, to + at);
    if (rest) {
      // Beside whatever the scratch holds.
      copyFloats(tailDelta, delta + whole, rest);
      copyFloats(tailBias, bias + whole, rest);
      copyFloats(tailZ, z + whole, rest);
      weigh(tailDelta, tailBias, tailZ, tailY);
      copyFloats(to + whole, tailY, rest);
    }
    delta += deltaStride;
    z += zStride;
    to += toStride;
  }
}

export function addContributions(
  length: i32,
  channels: i32,
  delta: usize,
  deltaStride: i32,
  bias: usize,
  u: usize,
  uStride: i32,
  read: usize,
  readStride: i32,
  to: usize,
  toStride: i32,
): void {
  const whole = (channels & ~3) << 2;
  const rest = channels & 3;
  for (let token = 0; token < length; token++) {
    for (let at = 0; at < whole; at += 16) contribute(delta + at, bias + at, u + at, read + at, to + at);
    if (rest) {
      copyFloats(tailDelta, delta + whole, rest);
      copyFloats(tailBias, bias + whole, rest);
      copyFloats(tailU, u + whole, rest);
      copyFloats(tailZ, read + whole, rest);
      copyFloats(tailY, to + whole, rest);
      contribute(tailDelta, tailBias, tailU, tailZ, tailY);
      copyFloats(to + whole, tailY, rest);
    }
    delta += deltaStride;
    u += uStride;
    read += readStride;
    to += toStride;
  }
}

// @ts-ignore: decorator
@inline
function weigh(delta: usize, bias: usize, z: usize, to: usize): void {
  const gate = silu(
    v128.load(z),
    splat(ROUND),
    splat(EXP5),
    splat(EXP4),
    splat(EXP3),
    splat(EXP2),
    splat(EXP1),
    splat(ONE),
  );
  v128.store(to, f32x4.div(gate, activated(delta, bias)));
}

// @ts-ignore: decorator
@inline
function contribute(delta: usize, bias: usize, u: usize, read: usize, to: usize): void {
  const entered = f32x4.mul(activated(delta, bias), v128.load(u));
  v128.store(to, multiplyAdd(entered, v128.load(read), v128.load(to)));
}

// @ts-ignore: decorator
@inline
function activated(delta: usize, bias: usize): v128 {
  return softplus(
    f32x4.add(v128.load(delta), v128.load(bias)),
    splat(ROUND),
    splat(EXP5),
    splat(EXP4),
    splat(EXP3),
    splat(EXP2),
    splat(EXP1),
    splat(ONE),
  );
}
