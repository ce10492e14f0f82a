/*
 * The gradient of the four-direction scan of one image; backward-snake.ts says what it is.
 *
 * Rows are in position order; strides are floats from row to row. `gaps` may be NULL: there are none. The caller has
 * checked everything.
 */
#ifndef BACKWARD_SNAKE_H
#define BACKWARD_SNAKE_H

#include <stddef.h>
#include <stdint.h>

struct backward_snake {
  int length;
  int channels;
  /* N, a multiple of 4, at most 256 */
  int states;
  /* [K, E], before bias and softplus */
  const float *delta;
  ptrdiff_t delta_stride;
  /* [E] */
  const float *delta_bias;
  /* [E, N] */
  const float *a;
  /* [E] */
  const float *d;
  /* [K, N] each */
  const float *b;
  ptrdiff_t b_stride;
  const float *c;
  ptrdiff_t c_stride;
  /* [5, N] */
  const float *direction_b;
  /* [K, E] */
  const float *u;
  ptrdiff_t u_stride;
  /* [4, K] each */
  const int32_t *orders;
  const int32_t *moves;
  const int32_t *gaps;
  /* [K, E] */
  const float *dy;
  ptrdiff_t dy_stride;
  /* Overwritten: [K, E] each, then [K, N] each */
  float *d_delta;
  ptrdiff_t d_delta_stride;
  float *d_u;
  ptrdiff_t d_u_stride;
  float *d_b;
  ptrdiff_t d_b_stride;
  float *d_c;
  ptrdiff_t d_c_stride;
  /* Added to: [E], [E, N], [E], [5, N] */
  float *d_delta_bias;
  float *d_a;
  float *d_d;
  float *d_direction_b;
  /* snakeBackwardScratch floats of backward-snake.ts, any content */
  float *scratch;
};

void snake_backward(const struct backward_snake *snake);

#endif
