/*
 * PlainMamba's scan of one image, four snake orders at once; snake-scan.asm.ts is its WebAssembly twin, and
 * src/snake-scan.ts has the formula.
 *
 * Strides are floats from row to row. `gaps`, `z` and `sum` may be NULL: no gaps, no gate, the sum before the
 * gate not wanted. The caller has checked everything.
 */
#ifndef SNAKE_H
#define SNAKE_H

#include <stddef.h>
#include <stdint.h>

struct snake {
  int length;
  int channels;
  /* N, a multiple of 4, at most 256 */
  int states;
  /* [K, E] */
  const float *delta;
  ptrdiff_t delta_stride;
  /* [E] */
  const float *delta_bias;
  /* [E, N] */
  const float *a;
  /* [E] */
  const float *d;
  /* [K, N] each, by step */
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
  float *y;
  ptrdiff_t y_stride;
  /* [K, E] */
  const float *z;
  ptrdiff_t z_stride;
  /* [K, E]: y before the gate */
  float *sum;
  ptrdiff_t sum_stride;
};

extern const size_t snake_workspace_bytes;

/* `workspace`: snake_workspace_bytes bytes, any content. */
void snake_scan(const struct snake *snake, void *workspace);

#endif
