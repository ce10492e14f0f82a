/* Every row of a matrix to one number; reductions.asm.ts is its WebAssembly twin. The caller has checked everything. */
#ifndef REDUCTIONS_H
#define REDUCTIONS_H

#include <stddef.h>

/* As reductions.ts counts them. */
enum row_reduction { CLIP, SUM, L1, L2 };

struct reduction {
  enum row_reduction kind;
  int length;
  int channels;
  /* [L, E] */
  const float *x;
  /* floats from row to row */
  ptrdiff_t stride;
  /* [L] */
  double *to;
};

void reduce_rows(const struct reduction *reduction);

#endif
