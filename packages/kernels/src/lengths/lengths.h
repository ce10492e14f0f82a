/* The length of every row, summed in float64; lengths.asm.ts is its WebAssembly twin. The caller has checked everything. */
#ifndef LENGTHS_H
#define LENGTHS_H

#include <stddef.h>

struct lengths {
  int length;
  int channels;
  /* [L, E] */
  const float *x;
  /* floats from row to row */
  ptrdiff_t stride;
  /* [L] */
  double *to;
};

void row_lengths(const struct lengths *lengths);

#endif
