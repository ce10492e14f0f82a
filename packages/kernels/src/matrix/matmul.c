/*
 * Panel by panel of B, two vectors wide and no deeper than the first-level cache holds, packed with alpha on it, now or
 * once and for all. Every panel meets all rows of A, a few at a time, whose sums stay in registers.
 */
#include "matmul.h"

#include "../common/lanes.h"
#include "tile.h"

#define WIDE (2 * LANES)
#define DEEP 256
struct workspace {
  float panel[DEEP][WIDE];
};

const size_t matmul_workspace_bytes = sizeof(struct workspace);

/* Part of B: `depth` rows from `first` on of `width` columns from `column` on, whatever is transposed. */
struct part {
  const float *b;
  ptrdiff_t stride;
  bool transposed;
  int first;
  int depth;
  int column;
  int width;
};

static void pack(float (*panel)[WIDE], struct part part, float alpha) {
  const int depth = part.depth;
  if (part.width < WIDE) memset(panel, 0, (size_t)depth * sizeof(panel[0]));
  if (part.transposed) {
    for (int j = 0; j < part.width; j++) {
      const float *from = part.b + (part.column + j) * part.stride + part.first;
      for (int k = 0; k < depth; k++) panel[k][j] = alpha * from[k];
    }
    return;
  }
  for (int k = 0; k < depth; k++) {
    const float *from = part.b + (part.first + k) * part.stride + part.column;
    for (int j = 0; j < part.width; j++) panel[k][j] = alpha * from[j];
  }
}

static int smaller_of(int a, int b) { return a < b ? a : b; }

/* Columns in whole panels. */
static size_t padded(int columns) { return ((size_t)columns + WIDE - 1) / WIDE * WIDE; }

size_t packed_floats(int inner, int columns) { return (size_t)inner * padded(columns); }

/* Where in what is packed the panel of a column is, `depth` deep, of the rows from `first` on. */
static size_t panel_at(int columns, int first, int depth, int column) {
  return (size_t)first * padded(columns) + (size_t)column * (size_t)depth;
}

void pack_matrix(int inner, int columns, const float *b, ptrdiff_t b_stride, bool trans_b, float *to) {
  for (int first = 0; first < inner; first += DEEP) {
    const int depth = smaller_of(inner - first, DEEP);
    for (int column = 0; column < columns; column += WIDE) {
      const struct part part = {b, b_stride, trans_b, first, depth, column, smaller_of(columns - column, WIDE)};
      pack((float(*)[WIDE])(to + panel_at(columns, first, depth, column)), part, 1);
    }
  }
}

/* All rows under one panel. */
INLINE void all_rows(
    const float *panel, const struct matmul *product, int first, int depth, int column, int count, int vectors) {
  const ptrdiff_t a_row = product->trans_a ? 1 : product->a_stride;
  const ptrdiff_t a_inner = product->trans_a ? product->a_stride : 1;
  const struct begin from = {first == 0 ? product->plus : product->to, first == 0 ? product->plus_stride : product->to_stride};
  int row = 0;
  while (row < product->rows) {
    const int left = product->rows - row;
    const float *a = product->a + row * a_row + first * a_inner;
    const struct begin begin = {from.at == NULL ? NULL : from.at + row * from.stride + column, from.stride};
    float *to = product->to + row * product->to_stride + column;
    if (left >= TALL) {
      tile(panel, WIDE, a, a_row, a_inner, depth, begin, to, product->to_stride, count, TALL, vectors);
      row += TALL;
    } else if (left >= 4) {
      tile(panel, WIDE, a, a_row, a_inner, depth, begin, to, product->to_stride, count, 4, vectors);
      row += 4;
    } else {
      tile(panel, WIDE, a, a_row, a_inner, depth, begin, to, product->to_stride, count, 1, vectors);
      row += 1;
    }
  }
}

void matmul(const struct matmul *product, void *workspace) {
  struct workspace *own = workspace;
  for (int first = 0; first < product->inner; first += DEEP) {
    const int depth = smaller_of(product->inner - first, DEEP);
    for (int column = product->first_column; column < product->end_column; column += WIDE) {
      const int count = smaller_of(product->end_column - column, WIDE);
      const float *panel = own->panel[0];
      if (product->packed != NULL) {
        panel = product->packed + panel_at(product->columns, first, depth, column);
      } else {
        const struct part part = {product->b, product->b_stride, product->trans_b, first, depth, column, count};
        pack(own->panel, part, product->alpha);
      }
      if (count == WIDE) all_rows(panel, product, first, depth, column, WIDE, 2);
      else if (count > LANES) all_rows(panel, product, first, depth, column, count, 2);
      else all_rows(panel, product, first, depth, column, count, 1);
    }
  }
}
