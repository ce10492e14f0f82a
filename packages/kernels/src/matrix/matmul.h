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
  /* Those that are computed; the first is a multiple of 32. */
  int first_column;
  int end_column;
  const float *a;
  ptrdiff_t a_stride;
  bool trans_a;
  const float *b;
  ptrdiff_t b_stride;
  bool trans_b;
  /* B as pack_matrix lays it out, in place of the three above; or NULL */
  const float *packed;
  float alpha;
  /* NULL: nothing is added; stride 0: one row is added to all */
  const float *plus;
  ptrdiff_t plus_stride;
  float *to;
  ptrdiff_t to_stride;
};

extern const size_t matmul_workspace_bytes;

/* B [inner, columns], or where trans_b [columns, inner], for `packed`; packed_floats of them. */
void pack_matrix(int inner, int columns, const float *b, ptrdiff_t b_stride, bool trans_b, float *to);
size_t packed_floats(int inner, int columns);

/* `workspace`: matmul_workspace_bytes bytes, any content. */
void matmul(const struct matmul *product, void *workspace);

#endif
