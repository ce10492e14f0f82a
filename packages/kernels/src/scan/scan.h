/*
 * The selective scan of one sequence in one direction; scan.asm.ts is its WebAssembly twin, with the formula.
 *
 * Pointers are to row 0 whatever the direction; strides are floats from row to row. `z`, `positions` and `scores`
 * may be NULL: no gate, no gaps, no score. The caller has checked everything.
 */
#ifndef SCAN_H
#define SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Signals a score is made from, and reductions over channels; the numbers of src/kernels.ts. */
enum signal { NO_SCORE, GATED, OWN_GATED, SSM };
enum reduction { CLIP, SUM, L1, L2 };

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
  enum signal signal;
  enum reduction reduction;
  /* [L] */
  float *scores;
};

extern const size_t scan_workspace_bytes;

/* `workspace`: scan_workspace_bytes bytes, any content. */
void selective_scan(const struct scan *scan, void *workspace);

#endif
