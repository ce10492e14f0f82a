/*
 * Tile by tile of channels, and band by band of grid rows if the grid is large, tokens are laid out on the whole grid
 * in scratch, with zeros in empty cells and k - 1 columns of zeros between rows. Every tap then has a fixed place, and
 * two neighbours in a row, computed at once, share the weights.
 */
#include "grid.h"

#include "../common/functions.h"

#define MAX_KERNEL 11
/* Cells in scratch at once. */
#define MAX_CELLS 3600
/* Channels that are worked on at once: two cache lines of each row. */
#define TILE 32

struct workspace {
  /* Zeros beyond the tile's last channel. */
  float taps[MAX_KERNEL * MAX_KERNEL][TILE];
  float bias[TILE];
  /* [rows of the band and its margins, columns + k - 1, TILE] */
  float cells[MAX_CELLS][TILE];
};

const size_t grid_workspace_bytes = sizeof(struct workspace);

INLINE int cell_of(const struct grid *grid, int token) { return grid->cells == NULL ? token : grid->cells[token]; }

/* The first token from `start` on whose cell is `cell` or later. */
static int first_at_or_after(const struct grid *grid, int cell, int start) {
  int token = start;
  while (token < grid->length && cell_of(grid, token) < cell) token++;
  return token;
}

static void load_weights(struct workspace *own, const struct grid *grid, int first, int width) {
  const int taps = grid->kernel * grid->kernel;
  const size_t bytes = sizeof(float) * (size_t)width;
  if (width < TILE) memset(own->taps, 0, (size_t)taps * sizeof(own->taps[0]));
  for (int tap = 0; tap < taps; tap++) {
    memcpy(own->taps[tap], grid->weight + tap * grid->weight_stride + first, bytes);
  }
  memset(own->bias, 0, sizeof(own->bias));
  memcpy(own->bias, grid->bias + first, bytes);
}

/* The tokens in grid rows top ... bottom - 1 into their cells, zeros elsewhere. */
static void fill_cells(struct workspace *own, const struct grid *grid, int top, int bottom, int first, int width) {
  const int padded = grid->columns + grid->kernel - 1;
  memset(own->cells, 0, (size_t)((bottom - top) * padded) * sizeof(own->cells[0]));
  const int end = first_at_or_after(grid, bottom * grid->columns, 0);
  for (int token = first_at_or_after(grid, top * grid->columns, 0); token < end; token++) {
    const int cell = cell_of(grid, token);
    const int row = cell / grid->columns;
    float *to = own->cells[(row - top) * padded + cell - row * grid->columns + grid->kernel / 2];
    const float *from = grid->x + token * grid->x_stride + first;
    if (width == TILE) memcpy(to, from, sizeof(float) * TILE);
    else memcpy(to, from, sizeof(float) * (size_t)width);
  }
}

/* `tap_rows` rows of k taps, beginning at the cell `source` and at `taps`, for one token or for two side by side. */
INLINE void convolve(
    const struct workspace *own, const struct grid *grid, const float (*source)[TILE], const float (*taps)[TILE],
    int tap_rows, int width, float *u, bool pair) {
  const int padded = grid->columns + grid->kernel - 1;
  for (int at = 0; at < width; at += LANES) {
    floats sum = load(own->bias + at);
    floats next = sum;
    const float (*row)[TILE] = source;
    const float (*tap)[TILE] = taps;
    for (int i = 0; i < tap_rows; i++) {
      for (int column = 0; column < grid->kernel; column++) {
        const floats weight = load(tap[column] + at);
        sum += weight * load(row[column] + at);
        if (pair) next += weight * load(row[column + 1] + at);
      }
      row += padded;
      tap += grid->kernel;
    }
    const int count = width - at < LANES ? width - at : LANES;
    store_some(u + at, grid->activate ? silu(sum) : sum, count);
    if (pair) store_some(u + grid->u_stride + at, grid->activate ? silu(next) : next, count);
  }
}

void grid_conv(const struct grid *grid, void *workspace) {
  struct workspace *own = workspace;
  const int columns = grid->columns;
  const int padded = columns + grid->kernel - 1;
  const int reach = grid->kernel / 2;
  const int fitting = MAX_CELLS / padded - 2 * reach;
  const int band = fitting < 1 ? 1 : fitting;
  for (int first = 0; first < grid->channels; first += TILE) {
    const int width = grid->channels - first < TILE ? grid->channels - first : TILE;
    load_weights(own, grid, first, width);
    int token = 0;
    for (int first_row = 0; first_row < grid->rows; first_row += band) {
      const int end_row = grid->rows - first_row < band ? grid->rows : first_row + band;
      const int top = first_row < reach ? 0 : first_row - reach;
      const int bottom = grid->rows - end_row < reach ? grid->rows : end_row + reach;
      fill_cells(own, grid, top, bottom, first, width);
      while (token < grid->length && cell_of(grid, token) < end_row * columns) {
        const int cell = cell_of(grid, token);
        const int row = cell / columns;
        const int column = cell % columns;
        const bool pair = token + 1 < grid->length && column + 1 < columns && cell_of(grid, token + 1) == cell + 1;
        const int first_tap_row = row < reach ? 0 : row - reach;
        const int end_tap_row = grid->rows - row <= reach ? grid->rows : row + reach + 1;
        const int tap_rows = end_tap_row - first_tap_row;
        const float (*source)[TILE] = own->cells + (first_tap_row - top) * padded + column;
        const float (*taps)[TILE] = own->taps + (first_tap_row - row + reach) * grid->kernel;
        float *u = grid->u + token * grid->u_stride + first;
        if (pair) convolve(own, grid, source, taps, tap_rows, width, u, true);
        else convolve(own, grid, source, taps, tap_rows, width, u, false);
        token += pair ? 2 : 1;
      }
    }
  }
}
