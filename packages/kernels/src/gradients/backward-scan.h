/*
 * The gradient of the selective scan of one sequence in one direction; src/backward-scan.ts has the formulas.
 *
 * Pointers are to row 0 whatever the direction; strides are floats from row to row. `positions` may be NULL: no gaps.
 * The caller has checked everything.
 */
#ifndef BACKWARD_SCAN_H
#define BACKWARD_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct backward_scan {
  int length;
  int channels;
  /* N, a multiple of 4, at most 256 */
  int states;
  bool backward;
  /* [L, E], before bias and softplus */
  const float *delta;
  ptrdiff_t delta_stride;
  /* [E] */
  const float *delta_bias;
  /* [E, N] */
  const float *a;
  /* [E] */
  const float *d;
  /* [L, N] each */
  const float *b;
  ptrdiff_t b_stride;
  const float *c;
  ptrdiff_t c_stride;
  /* [L, E] */
  const float *u;
  ptrdiff_t u_stride;
  /* [L] */
  const int32_t *positions;
  /* [L, E] */
  const float *dy;
  ptrdiff_t dy_stride;
  /* Overwritten: [L, E] each, then [L, N] each */
  float *d_delta;
  ptrdiff_t d_delta_stride;
  float *d_u;
  ptrdiff_t d_u_stride;
  float *d_b;
  ptrdiff_t d_b_stride;
  float *d_c;
  ptrdiff_t d_c_stride;
  /* Added to: [E], [E, N], [E] */
  float *d_delta_bias;
  float *d_a;
  float *d_d;
  /* scanBackwardScratch floats of src/backward-scan.ts, any content */
  float *scratch;
};

void scan_backward(const struct backward_scan *scan);

#endif
