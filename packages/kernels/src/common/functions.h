/*
 * exp, softplus and SiLU of vectors, with the method and the coefficients of common/math.asm.ts, so that both kernels
 * err alike. a * b + c is one rounding where the processor has a fused multiply-add.
 */
#ifndef FUNCTIONS_H
#define FUNCTIONS_H

#include "lanes.h"

#define LOG2E 1.4426950408889634f
/* 1.5 * 2^23: adding it rounds a small float to a whole number, which then stands in the low bits. */
#define ROUND 12582912.0f
/* Smallest exponent (of 2) for which 2^x is a normal float with room to spare. */
#define LOWEST (-125.0f)
/* softplus and SiLU fade no further than 2^-80: smaller values would only make denormal numbers further on. */
#define FADED (-80.0f)

/* 2^(whole + f) for -1/2 <= f <= 1/2, a sum from -126 to 127; `rounded` is the whole number plus ROUND. */
INLINE floats power_of_two(floats rounded, floats f) {
  floats p = splat(0.0013264736626297235f);
  p = p * f + splat(0.009671512991189957f);
  p = p * f + splat(0.05550733581185341f);
  p = p * f + splat(0.24022242426872253f);
  p = p * f + splat(0.6931470036506653f);
  p = p * f + splat(1.0f);
  return (floats)((integers)p + ((integers)rounded << 23));
}

/* 2^x for -126 < x < 127. */
INLINE floats exp2_within(floats x) {
  const floats rounded = x + splat(ROUND);
  return power_of_two(rounded, x - (rounded - splat(ROUND)));
}

/* log(1 + e^x) = max(x, 0) + log(1 + e^-|x|), at least 2^-80; in float32 linear above 20 by itself. */
INLINE floats softplus(floats x) {
  const floats t = exp2_within(larger(absolute(x) * splat(-LOG2E), splat(FADED)));
  floats p = splat(0.005364765878766775f);
  p = p * t + splat(-0.030065570026636124f);
  p = p * t + splat(0.07920419424772263f);
  p = p * t + splat(-0.13753774762153625f);
  p = p * t + splat(0.19153642654418945f);
  p = p * t + splat(-0.24857160449028015f);
  p = p * t + splat(0.333213210105896f);
  p = p * t + splat(-0.49999648332595825f);
  p = p * t + splat(1.0f);
  return p * t + choose(x < splat(0), splat(0), x);
}

/* x / (1 + e^-x), the denominator at most 2^80. */
INLINE floats silu(floats x) {
  const floats exponent = smaller(larger(x * splat(-LOG2E), splat(LOWEST)), splat(-FADED));
  return x / (splat(1) + exp2_within(exponent));
}

#endif
