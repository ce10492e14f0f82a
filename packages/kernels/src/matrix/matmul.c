/*
 * Panel by panel of B, two vectors wide and no deeper than the first-level cache holds, packed with alpha on it. Every
 * panel meets all rows of A, a few at a time, whose sums stay in registers.
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

static void pack(struct workspace *own, const struct matmul *product, int first, int depth, int column, int width) {
  const float alpha = product->alpha;
  if (width < WIDE) memset(own->panel, 0, (size_t)depth * sizeof(own->panel[0]));
  if (product->trans_b) {
    for (int j = 0; j < width; j++) {
      const float *from = product->b + (column + j) * product->b_stride + first;
      for (int k = 0; k < depth; k++) own->panel[k][j] = alpha * from[k];
    }
    return;
  }
  for (int k = 0; k < depth; k++) {
    const float *from = product->b + (first + k) * product->b_stride + column;
    for (int j = 0; j < width; j++) own->panel[k][j] = alpha * from[j];
  }
}

/* All rows under one panel. */
INLINE void all_rows(
    const struct workspace *own, const struct matmul *product, int first, int depth, int column, int count,
    int vectors) {
  const ptrdiff_t a_row = product->trans_a ? 1 : product->a_stride;
  const ptrdiff_t a_inner = product->trans_a ? product->a_stride : 1;
  const struct begin from = {first == 0 ? product->plus : product->to, first == 0 ? product->plus_stride : product->to_stride};
  const float *panel = own->panel[0];
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
    const int deep = product->inner - first;
    const int depth = deep < DEEP ? deep : DEEP;
    for (int column = 0; column < product->columns; column += WIDE) {
      const int left = product->columns - column;
      const int count = left < WIDE ? left : WIDE;
      pack(own, product, first, depth, column, count);
      if (count == WIDE) all_rows(own, product, first, depth, column, WIDE, 2);
      else if (count > LANES) all_rows(own, product, first, depth, column, count, 2);
      else all_rows(own, product, first, depth, column, count, 1);
    }
  }
}
