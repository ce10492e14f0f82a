/*
 * Depthwise k x k convolution of one image, centred and zero padded, on a grid where only some cells hold a token;
 * grid-conv.asm.ts is its WebAssembly twin.
 *
 * Strides are floats from row to row. The caller has checked everything.
 */
#ifndef GRID_H
#define GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct grid {
  int length;
  int channels;
  /* k, odd, at most 11 */
  int kernel;
  /* In cells; min(rows, k) * (columns + k - 1) is at most 3600. */
  int rows;
  int columns;
  /* [K, E] */
  const float *x;
  ptrdiff_t x_stride;
  /* [k * k, E] */
  const float *weight;
  ptrdiff_t weight_stride;
  /* [E] */
  const float *bias;
  /* [K], rising; NULL: every cell holds a token */
  const int32_t *cells;
  /* With SiLU. */
  bool activate;
  /* [K, E] */
  float *u;
  ptrdiff_t u_stride;
};

extern const size_t grid_workspace_bytes;

/* `workspace`: grid_workspace_bytes bytes, any content. */
void grid_conv(const struct grid *grid, void *workspace);

#endif
