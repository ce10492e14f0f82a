/*
 * Before and after the scan that reads contributions; contribution.asm.ts is its WebAssembly twin, contribution.ts has
 * the formulas.
 *
 * Strides are floats from row to row. The caller has checked everything.
 */
#ifndef CONTRIBUTION_H
#define CONTRIBUTION_H

#include <stddef.h>

struct reader_weights {
  int length;
  int channels;
  /* [L, E], before bias and softplus */
  const float *delta;
  ptrdiff_t delta_stride;
  /* [E] */
  const float *delta_bias;
  /* [L, E] */
  const float *z;
  ptrdiff_t z_stride;
  float *to;
  ptrdiff_t to_stride;
};

struct contributions {
  int length;
  int channels;
  /* [L, E], before bias and softplus */
  const float *delta;
  ptrdiff_t delta_stride;
  /* [E] */
  const float *delta_bias;
  /* [L, E] each */
  const float *u;
  ptrdiff_t u_stride;
  const float *read;
  ptrdiff_t read_stride;
  float *to;
  ptrdiff_t to_stride;
};

void weigh_readers(const struct reader_weights *weights);
void add_contributions(const struct contributions *contributions);

#endif
