/* What the gradients need beside common/functions.h; the coefficients are backward-math.asm.ts's. */
#ifndef BACKWARD_FUNCTIONS_H
#define BACKWARD_FUNCTIONS_H

#include "../common/functions.h"
#include "../common/lanes.h"

#define LN2 0.6931471805599453f
/* 2^-100 */
#define NEGLIGIBLE 7.888609052210118e-31f
/* Values that fade are cleared of denormals once in so many steps. */
#define CLEANING 16

INLINE floats sigmoid(floats x) {
  const floats exponent = smaller(larger(x * splat(-LOG2E), splat(-120)), splat(100));
  return splat(1) / (splat(1) + exp2_within(exponent));
}

/* d SiLU(x) / dx */
INLINE floats silu_slope(floats x) {
  const floats open = sigmoid(x);
  return x * open * (splat(1) - open) + open;
}

INLINE floats without_denormals(floats x) { return choose(absolute(x) > splat(NEGLIGIBLE), x, splat(0)); }

#endif
