/** What the gradients need beside math.ts: the logistic function, and the slope of SiLU. */
import { exp2, multiplyAdd, splat } from '../common/math.asm';

const MINUS_LOG2E: usize = memory.data<f32>([-1.4426950408889634]);
/** The exponent (of 2) stays in a range where 1 + 2^x is finite and 1 / (1 + 2^x) is no denormal. */
const LEAST: usize = memory.data<f32>([-120.0]);
const MOST: usize = memory.data<f32>([100.0]);

/** 1 / (1 + e^-x). Its constants are arguments so that a loop reads them once. */
// @ts-ignore: decorator
@inline
export function sigmoid(
  x: v128,
  round: v128,
  c5: v128,
  c4: v128,
  c3: v128,
  c2: v128,
  c1: v128,
  one: v128,
): v128 {
  const exponent = f32x4.pmax(splat(LEAST), f32x4.mul(x, splat(MINUS_LOG2E)));
  const power = exp2(f32x4.pmin(splat(MOST), exponent), round, c5, c4, c3, c2, c1, one);
  return f32x4.div(one, f32x4.add(one, power));
}

/** d SiLU(x) / dx = σ + x σ (1 - σ), given σ = sigmoid(x). */
// @ts-ignore: decorator
@inline
export function siluSlope(x: v128, s: v128, one: v128): v128 {
  return multiplyAdd(f32x4.mul(x, s), f32x4.sub(one, s), s);
}
