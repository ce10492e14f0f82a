/*
 * The gradient of the depthwise k x k convolution of one image on a grid where only some cells hold a token;
 * backward-grid.ts says what it is.
 *
 * Strides are floats from row to row. The caller has checked everything.
 */
#ifndef BACKWARD_GRID_H
#define BACKWARD_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct backward_grid {
  int length;
  int channels;
  /* k, odd, at most 11 */
  int kernel;
  int rows;
  int columns;
  /* [K, E] */
  const float *x;
  ptrdiff_t x_stride;
  /* [k * k, E] */
  const float *weight;
  /* [E] */
  const float *bias;
  /* [K], rising; NULL: every cell holds a token */
  const int32_t *cells;
  /* With SiLU. */
  bool activate;
  /* [K, E] */
  const float *du;
  ptrdiff_t du_stride;
  /* [K, E], overwritten */
  float *dx;
  ptrdiff_t dx_stride;
  /* Added to: [k * k, E], [E] */
  float *d_weight;
  float *d_bias;
  /* gridConvBackwardScratch floats of backward-grid.ts, any content */
  float *scratch;
};

void grid_conv_backward(const struct backward_grid *grid);

#endif
