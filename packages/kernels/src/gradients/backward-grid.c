/*
 * One vector of channels at a time: x is laid out on the whole grid, with zeros in empty cells and k - 1 columns of
 * zeros between rows; the sum before the activation is computed again and its gradient ds laid out the same way. Then
 * dx is the convolution of ds with the taps in reverse, and the gradient of a tap is one sum over the tokens.
 */
#include "backward-grid.h"

#include <string.h>

#include "backward-functions.h"

#define MAX_KERNEL 11

/* [cells of the padded grid, LANES] each, and [k * k, LANES]. */
struct staged {
  float *x;
  float *ds;
  float *taps;
};

INLINE int cell_of(const struct backward_grid *grid, int token) {
  return grid->cells == NULL ? token : grid->cells[token];
}

INLINE int padded_columns(const struct backward_grid *grid) { return grid->columns + grid->kernel - 1; }

/* Where the token's own place is, in cells of the padded grid. */
INLINE ptrdiff_t place_of(const struct backward_grid *grid, int cell) {
  return (ptrdiff_t)(cell / grid->columns) * padded_columns(grid) + cell % grid->columns + grid->kernel / 2;
}

/* Rows of taps that lie on the grid when they are centred on a row of it. */
struct span {
  int first;
  int end;
};

INLINE struct span tap_rows(const struct backward_grid *grid, int row) {
  const int reach = grid->kernel / 2;
  struct span span;
  span.first = row < reach ? reach - row : 0;
  span.end = grid->rows - row <= reach ? grid->rows - row + reach : grid->kernel;
  return span;
}

/* Sum of taps times cells around the place; `reversed`: the last tap meets the first cell. */
INLINE floats convolve(
    const struct backward_grid *grid, const float *cells, const float *taps, int cell, bool reversed, int kernel) {
  const int padded = padded_columns(grid);
  const struct span span = tap_rows(grid, cell / grid->columns);
  const float *centre = cells + place_of(grid, cell) * LANES;
  floats sums[2] = {splat(0), splat(0)};
  for (int i = span.first; i < span.end; i++) {
    const float *row = centre + ((ptrdiff_t)(i - kernel / 2) * padded - kernel / 2) * LANES;
    const float *tap = taps + (ptrdiff_t)(reversed ? (kernel - 1 - i) * kernel + kernel - 1 : i * kernel) * LANES;
    for (int j = 0; j < kernel; j++) {
      sums[j % 2] += load(tap + (reversed ? -j : j) * LANES) * load(row + j * LANES);
    }
  }
  return sums[0] + sums[1];
}

/* Adds to d_weight, row of taps by row of taps, whose sums stay in registers while the tokens pass. */
INLINE void sum_taps(const struct backward_grid *grid, const struct staged *own, int first, int count, int kernel) {
  const int padded = padded_columns(grid);
  for (int i = 0; i < kernel; i++) {
    floats sums[MAX_KERNEL];
    for (int j = 0; j < kernel; j++) sums[j] = splat(0);
    for (int token = 0; token < grid->length; token++) {
      const int cell = cell_of(grid, token);
      const int row = cell / grid->columns + i - kernel / 2;
      if (row < 0 || row >= grid->rows) continue;
      const float *centre = own->x + place_of(grid, cell) * LANES;
      const float *from = centre + ((ptrdiff_t)(i - kernel / 2) * padded - kernel / 2) * LANES;
      const floats ds = load(own->ds + place_of(grid, cell) * LANES);
      for (int j = 0; j < kernel; j++) sums[j] += ds * load(from + j * LANES);
    }
    for (int j = 0; j < kernel; j++) {
      float *to = grid->d_weight + (ptrdiff_t)(i * kernel + j) * grid->channels + first;
      store_some(to, load_some(to, count) + sums[j], count);
    }
  }
}

INLINE void all_tokens(const struct backward_grid *grid, const struct staged *own, int first, int count, int kernel) {
  const floats bias = load_some(grid->bias + first, count);
  floats d_bias = load_some(grid->d_bias + first, count);
  for (int token = 0; token < grid->length; token++) {
    const int cell = cell_of(grid, token);
    floats ds = load_some(grid->du + token * grid->du_stride + first, count);
    if (grid->activate) ds *= silu_slope(bias + convolve(grid, own->x, own->taps, cell, false, kernel));
    d_bias += ds;
    store(own->ds + place_of(grid, cell) * LANES, ds);
  }
  store_some(grid->d_bias + first, d_bias, count);
  for (int token = 0; token < grid->length; token++) {
    const floats dx = convolve(grid, own->ds, own->taps, cell_of(grid, token), true, kernel);
    store_some(grid->dx + token * grid->dx_stride + first, dx, count);
  }
  sum_taps(grid, own, first, count, kernel);
}

void grid_conv_backward(const struct backward_grid *grid) {
  const size_t cells = (size_t)grid->rows * (size_t)padded_columns(grid) * LANES;
  const int taps = grid->kernel * grid->kernel;
  struct staged own;
  own.x = grid->scratch;
  own.ds = own.x + cells;
  own.taps = own.ds + cells;
  memset(own.x, 0, sizeof(float) * 2 * cells);
  for (int first = 0; first < grid->channels; first += LANES) {
    const int left = grid->channels - first;
    const int count = left < LANES ? left : LANES;
    for (int tap = 0; tap < taps; tap++) {
      store(own.taps + tap * LANES, load_some(grid->weight + (ptrdiff_t)tap * grid->channels + first, count));
    }
    /* The cells of the last vector's tokens are these tokens' too. */
    for (int token = 0; token < grid->length; token++) {
      const floats x = load_some(grid->x + token * grid->x_stride + first, count);
      store(own.x + place_of(grid, cell_of(grid, token)) * LANES, x);
    }
    /* Sides that are known let the compiler keep sums in registers. */
    switch (grid->kernel) {
      case 3: all_tokens(grid, &own, first, count, 3); break;
      case 7: all_tokens(grid, &own, first, count, 7); break;
      default: all_tokens(grid, &own, first, count, grid->kernel);
    }
  }
}
