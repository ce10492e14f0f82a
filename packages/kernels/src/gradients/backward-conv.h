/*
 * The gradient of the depthwise causal convolution of one sequence in one direction; backward-conv.ts says what it is.
 *
 * Pointers are to row 0 whatever the direction; strides are floats from row to row. `positions` may be NULL: compact
 * taps. The caller has checked everything.
 */
#ifndef BACKWARD_CONV_H
#define BACKWARD_CONV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct backward_conv {
  int length;
  int channels;
  /* At most 8 */
  int taps;
  bool backward;
  /* [L, E] */
  const float *x;
  ptrdiff_t x_stride;
  /* [E, taps] */
  const float *weight;
  /* [E] */
  const float *bias;
  /* [L] */
  const int32_t *positions;
  /* [L, E] */
  const float *du;
  ptrdiff_t du_stride;
  /* [L, E] */
  float *dx;
  ptrdiff_t dx_stride;
  bool accumulate;
  /* Added to: [E, taps], [E] */
  float *d_weight;
  float *d_bias;
};

void conv_backward(const struct backward_conv *conv);

#endif
