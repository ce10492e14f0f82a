/**
 * Vector functions of four floats. Their constants are read from memory, never written as literals: an engine
 * that rebuilds a vector literal inside a loop (Node 24) makes the loop twice as slow.
 *
 * Polynomials: minimax in relative error, constant term fixed to 1, coefficients rounded to float32.
 */

/** 1.5 · 2^23: adding it rounds a small float to a whole number, which then stands in the low bits. */
export const ROUND: usize = memory.data<f32>([12582912.0]);
/** 2^f on [-1/2, 1/2], degree 5, highest first; relative error 1.7e-7 evaluated in float32. */
export const EXP5: usize = memory.data<f32>([0.0013264736626297235]);
export const EXP4: usize = memory.data<f32>([0.009671512991189957]);
export const EXP3: usize = memory.data<f32>([0.05550733581185341]);
export const EXP2: usize = memory.data<f32>([0.24022242426872253]);
export const EXP1: usize = memory.data<f32>([0.6931470036506653]);
export const ONE: usize = memory.data<f32>([1.0]);
/** log(1 + t) / t on [0, 1], degree 8, highest first; relative error 1.3e-7 evaluated in float32. */
const LOG: usize = memory.data<f32>([
  0.005364765878766775, -0.030065570026636124, 0.07920419424772263, -0.13753774762153625, 0.19153642654418945,
  -0.24857160449028015, 0.333213210105896, -0.49999648332595825,
]);
const MINUS_LOG2E: usize = memory.data<f32>([-1.4426950408889634]);
/** Smallest exponent (of 2) for which 2^x is a normal float with room to spare. */
export const LOWEST: usize = memory.data<f32>([-125.0]);
/** softplus and SiLU fade no further than 2^-80: smaller values would only make denormal numbers further on. */
const FADED: usize = memory.data<f32>([-80.0]);
const MINUS_FADED: usize = memory.data<f32>([80.0]);

// @ts-ignore: decorator
@inline
export function splat(constant: usize): v128 {
  return v128.load32_splat(constant);
}

/** a · b + c, in one rounding where the processor has a fused multiply-add. */
// @ts-ignore: decorator
@inline
export function multiplyAdd(a: v128, b: v128, c: v128): v128 {
  return f32x4.relaxed_madd(a, b, c);
}

/** 2^f for -1/2 ≤ f ≤ 1/2. */
// @ts-ignore: decorator
@inline
export function powerOfTwo(f: v128, c5: v128, c4: v128, c3: v128, c2: v128, c1: v128, one: v128): v128 {
  let p = multiplyAdd(c5, f, c4);
  p = multiplyAdd(p, f, c3);
  p = multiplyAdd(p, f, c2);
  p = multiplyAdd(p, f, c1);
  return multiplyAdd(p, f, one);
}

/** 2^x for -126 < x < 127. Its constants are arguments so that a loop reads them once. */
// @ts-ignore: decorator
@inline
export function exp2(
  x: v128,
  round: v128,
  c5: v128,
  c4: v128,
  c3: v128,
  c2: v128,
  c1: v128,
  one: v128,
): v128 {
  const rounded = f32x4.add(x, round);
  const f = f32x4.sub(x, f32x4.sub(rounded, round));
  return i32x4.add(powerOfTwo(f, c5, c4, c3, c2, c1, one), i32x4.shl(rounded, 23));
}

/** log(1 + e^x) = max(x, 0) + log(1 + e^-|x|), at least 2^-80; in float32 linear above 20 by itself. */
// @ts-ignore: decorator
@inline
export function softplus(
  x: v128,
  round: v128,
  c5: v128,
  c4: v128,
  c3: v128,
  c2: v128,
  c1: v128,
  one: v128,
): v128 {
  const exponent = f32x4.pmax(splat(FADED), f32x4.mul(f32x4.abs(x), splat(MINUS_LOG2E)));
  const t = exp2(exponent, round, c5, c4, c3, c2, c1, one);
  let p = multiplyAdd(splat(LOG), t, splat(LOG + 4));
  p = multiplyAdd(p, t, splat(LOG + 8));
  p = multiplyAdd(p, t, splat(LOG + 12));
  p = multiplyAdd(p, t, splat(LOG + 16));
  p = multiplyAdd(p, t, splat(LOG + 20));
  p = multiplyAdd(p, t, splat(LOG + 24));
  p = multiplyAdd(p, t, splat(LOG + 28));
  p = multiplyAdd(p, t, one);
  return multiplyAdd(p, t, f32x4.pmax(x, f32x4.splat(0)));
}

/** x / (1 + e^-x), the denominator at most 2^80. */
// @ts-ignore: decorator
@inline
export function silu(
  x: v128,
  round: v128,
  c5: v128,
  c4: v128,
  c3: v128,
  c2: v128,
  c1: v128,
  one: v128,
): v128 {
  const exponent = f32x4.pmax(splat(LOWEST), f32x4.mul(x, splat(MINUS_LOG2E)));
  const power = exp2(f32x4.pmin(splat(MINUS_FADED), exponent), round, c5, c4, c3, c2, c1, one);
  return f32x4.div(x, f32x4.add(one, power));
}

/** Sum of the four lanes. */
// @ts-ignore: decorator
@inline
export function sumOfLanes(x: v128): f32 {
  const even = f32x4.extract_lane(x, 0) + f32x4.extract_lane(x, 2);
  return even + (f32x4.extract_lane(x, 1) + f32x4.extract_lane(x, 3));
}

/** Largest of the four lanes. */
// @ts-ignore: decorator
@inline
export function maxOfLanes(x: v128): f32 {
  return max(
    max(f32x4.extract_lane(x, 0), f32x4.extract_lane(x, 1)),
    max(f32x4.extract_lane(x, 2), f32x4.extract_lane(x, 3)),
  );
}
