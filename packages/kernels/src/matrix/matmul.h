/*
 * A product of matrices; matmul.ts says what it is, matmul.asm.ts is its WebAssembly twin.
 *
 * Strides are floats from row to row. The caller has checked everything.
 */
#ifndef MATMUL_H
#define MATMUL_H

#include <stdbool.h>
#include <stddef.h>

struct matmul {
  int rows;
  int inner;
  int columns;
  const float *a;
  ptrdiff_t a_stride;
  bool trans_a;
  const float *b;
  ptrdiff_t b_stride;
  bool trans_b;
  float alpha;
  /* NULL: nothing is added; stride 0: one row is added to all */
  const float *plus;
  ptrdiff_t plus_stride;
  float *to;
  ptrdiff_t to_stride;
};

extern const size_t matmul_workspace_bytes;

/* `workspace`: matmul_workspace_bytes bytes, any content. */
void matmul(const struct matmul *product, void *workspace);

#endif
