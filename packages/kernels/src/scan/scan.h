/*
 * The selective scan of one sequence in one direction; scan.asm.ts is its WebAssembly twin, with the formula.
 *
 * Pointers are to row 0 whatever the direction; strides are floats from row to row. `z`, `positions` and `own` may be
 * NULL: no gate, no gaps, this direction's own output not wanted. The caller has checked everything.
 */
#ifndef SCAN_H
#define SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct scan {
  int length;
  int channels;
  /* N, a multiple of 4, at most 256 */
  int states;
  bool backward;
  /* [L, E] */
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
  float *y;
  ptrdiff_t y_stride;
  bool accumulate;
  /* [L, E] */
  const float *z;
  ptrdiff_t z_stride;
  float scale;
  /* [L, E]: y of this direction alone, neither scaled nor, unless own_gated, gated */
  float *own;
  ptrdiff_t own_stride;
  bool own_gated;
};

extern const size_t scan_workspace_bytes;

/* `workspace`: scan_workspace_bytes bytes, any content. */
void selective_scan(const struct scan *scan, void *workspace);

#endif
