/*
 * Some rows of A times a panel of B, whose sums stay in registers: the innermost part of every product.
 */
#ifndef TILE_H
#define TILE_H

#include "../common/lanes.h"

/* Rows whose sums fit the registers: two vectors each, beside B's and one of A. */
#if LANES == 16
#define TALL 12
#else
#define TALL 4
#endif

/* What a tile's sums begin with: NULL is zeros. */
struct begin {
  const float *at;
  ptrdiff_t stride;
};

/*
 * `count` columns in `vectors` vectors, one or two, of `tall` rows, at most TALL. The panel's rows are `panel_stride` floats
 * apart; strides of A are floats from row to row and along the inner axis.
 */
INLINE void tile(
    const float *panel, ptrdiff_t panel_stride, const float *a, ptrdiff_t a_row, ptrdiff_t a_inner, int depth,
    struct begin begin, float *to, ptrdiff_t to_stride, int count, int tall, int vectors) {
  floats sums[TALL][2];
  for (int i = 0; i < tall; i++) {
    for (int j = 0; j < vectors; j++) {
      const int left = count - j * LANES;
      const float *from = begin.at + i * begin.stride + j * LANES;
      sums[i][j] = begin.at == NULL ? splat(0) : load_some(from, left < LANES ? left : LANES);
    }
  }
  for (int k = 0; k < depth; k++) {
    floats b[2];
    for (int j = 0; j < vectors; j++) b[j] = load(panel + k * panel_stride + j * LANES);
    for (int i = 0; i < tall; i++) {
      const floats x = splat(a[i * a_row + k * a_inner]);
      for (int j = 0; j < vectors; j++) sums[i][j] += x * b[j];
    }
  }
  for (int i = 0; i < tall; i++) {
    for (int j = 0; j < vectors; j++) {
      const int left = count - j * LANES;
      store_some(to + i * to_stride + j * LANES, sums[i][j], left < LANES ? left : LANES);
    }
  }
}

#endif
