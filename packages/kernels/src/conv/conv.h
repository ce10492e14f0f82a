/*
 * Depthwise causal convolution, bias and SiLU of one sequence in one direction; conv.asm.ts is its WebAssembly
 * twin. A tap at distance j reads the token j places earlier in scan order (later in memory when going backward), or,
 * given positions, the kept token whose position is exactly j away; a tap without a token reads zeros.
 *
 * Strides are floats from row to row. `positions` may be NULL. The caller has checked everything.
 */
#ifndef CONV_H
#define CONV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conv {
  int length;
  int channels;
  /* 1 to 8 */
  int taps;
  bool backward;
  /* [L, E] */
  const float *x;
  ptrdiff_t x_stride;
  /* [E, taps], the last tap is the token itself */
  const float *weight;
  /* [E] */
  const float *bias;
  /* [L] */
  const int32_t *positions;
  /* [L, E] */
  float *u;
  ptrdiff_t u_stride;
};

extern const size_t conv_workspace_bytes;

/* `workspace`: conv_workspace_bytes bytes, any content. */
void conv_silu(const struct conv *conv, void *workspace);

#endif
