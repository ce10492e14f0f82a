/*
 * Lavin and Gray 2016, with the points 0, 1, -1, 2, -2: a tile of 4 x 4 outputs is made of 6 x 6 inputs by one product in
 * place of four. Some tiles at a time are transformed, all channels of each; then, under one panel of 32 outputs after the
 * other, every one of the 36 places is a product of matrices, and the sums are transformed back.
 */
#include "winograd.h"

#include "../common/lanes.h"
#include "../matrix/tile.h"

#define SIDE 6
#define PLACES (SIDE * SIDE)
#define OUT 4
/* Outputs of a panel of weights: PANEL of winograd.ts. */
#define PANEL 32
/* Tiles at a time, a multiple of TALL: BLOCK of winograd.ts. */
#define BLOCK 48
/* Between the places of a block: no two begin a power of two apart. */
#define GAP 16

struct workspace {
  /* [36, BLOCK, PANEL] */
  float sums[PLACES][BLOCK][PANEL];
  /* [36, BLOCK * channels + GAP] */
  float inputs[];
};

struct place {
  int map;
  int row;
  int column;
};

static int across(const struct winograd *conv) { return (conv->columns + OUT - 1) / OUT; }

static int down(const struct winograd *conv) { return (conv->rows + OUT - 1) / OUT; }

int winograd_tiles(const struct winograd *conv) { return conv->maps * down(conv) * across(conv); }

static ptrdiff_t input_stride(const struct winograd *conv) { return (ptrdiff_t)BLOCK * conv->channels + GAP; }

size_t winograd_workspace_bytes(const struct winograd *conv) {
  return sizeof(struct workspace) + sizeof(float) * PLACES * (size_t)input_stride(conv);
}

static struct place place_of(const struct winograd *conv, int tile) {
  const int per_row = across(conv);
  const int per_map = per_row * down(conv);
  const int within = tile % per_map;
  return (struct place){tile / per_map, within / per_row * OUT, within % per_row * OUT};
}

/* One line of B' d. */
INLINE void line_in(const floats d[SIDE], floats to[SIDE]) {
  const floats even = d[4] - splat(4) * d[2];
  const floats odd = d[3] - splat(4) * d[1];
  const floats far_even = d[4] - d[2];
  const floats far_odd = splat(2) * (d[3] - d[1]);
  to[0] = splat(4) * d[0] - splat(5) * d[2] + d[4];
  to[1] = even + odd;
  to[2] = even - odd;
  to[3] = far_even + far_odd;
  to[4] = far_even - far_odd;
  to[5] = splat(4) * d[1] - splat(5) * d[3] + d[5];
}

/* `lanes` channels of one tile; NULL is a cell outside the map. */
INLINE void transform_in(const float *const from[PLACES], int channel, int lanes, float *to, ptrdiff_t stride) {
  floats half[SIDE][SIDE];
  for (int column = 0; column < SIDE; column++) {
    floats cells[SIDE];
    floats made[SIDE];
    for (int row = 0; row < SIDE; row++) {
      const float *cell = from[row * SIDE + column];
      cells[row] = cell == NULL ? splat(0) : load_some(cell + channel, lanes);
    }
    line_in(cells, made);
    for (int row = 0; row < SIDE; row++) half[row][column] = made[row];
  }
  for (int row = 0; row < SIDE; row++) {
    floats made[SIDE];
    line_in(half[row], made);
    for (int column = 0; column < SIDE; column++) {
      store_some(to + (row * SIDE + column) * stride + channel, made[column], lanes);
    }
  }
}

static void transform_inputs(const struct winograd *conv, int first, int count, float *inputs) {
  const ptrdiff_t stride = input_stride(conv);
  for (int tile = 0; tile < count; tile++) {
    const struct place place = place_of(conv, first + tile);
    const float *from[PLACES];
    for (int i = 0; i < PLACES; i++) {
      const int row = place.row + i / SIDE - 1;
      const int column = place.column + i % SIDE - 1;
      const bool inside = row >= 0 && row < conv->rows && column >= 0 && column < conv->columns;
      const ptrdiff_t cell = ((ptrdiff_t)place.map * conv->rows + row) * conv->columns + column;
      from[i] = inside ? conv->x + cell * conv->x_stride : NULL;
    }
    float *to = inputs + (ptrdiff_t)tile * conv->channels;
    int channel = 0;
    for (; channel + LANES <= conv->channels; channel += LANES) transform_in(from, channel, LANES, to, stride);
    if (channel < conv->channels) transform_in(from, channel, conv->channels - channel, to, stride);
  }
}

/* The sums of one place: [count, channels] times [channels, PANEL]. */
static void multiply(const float *inputs, const float *weight, int channels, int count, float (*sums)[PANEL]) {
  const struct begin zeros = {0};
  for (int column = 0; column < PANEL; column += 2 * LANES) {
    int row = 0;
    for (; row + TALL <= count; row += TALL) {
      tile(
          weight + column, PANEL, inputs + (ptrdiff_t)row * channels, channels, 1, channels, zeros,
          sums[row] + column, PANEL, 2 * LANES, TALL, 2);
    }
    for (; row < count; row++) {
      tile(
          weight + column, PANEL, inputs + (ptrdiff_t)row * channels, channels, 1, channels, zeros,
          sums[row] + column, PANEL, 2 * LANES, 1, 2);
    }
  }
}

/* One line of A' m. */
INLINE void line_out(const floats m[SIDE], floats to[OUT]) {
  const floats near_sum = m[1] + m[2];
  const floats near_rest = m[1] - m[2];
  const floats far_sum = m[3] + m[4];
  const floats far_rest = m[3] - m[4];
  to[0] = m[0] + near_sum + far_sum;
  to[1] = near_rest + splat(2) * far_rest;
  to[2] = near_sum + splat(4) * far_sum;
  to[3] = near_rest + splat(8) * far_rest + m[5];
}

/* `lanes` outputs of one tile, of which `rows` x `columns` cells are on the map. */
INLINE void transform_out(
    const struct winograd *conv, float (*sums)[BLOCK][PANEL], int tile, int within, int output, int lanes, int rows,
    int columns, float *to) {
  floats half[OUT][SIDE];
  for (int column = 0; column < SIDE; column++) {
    floats places[SIDE];
    floats made[OUT];
    for (int row = 0; row < SIDE; row++) places[row] = load(sums[row * SIDE + column][tile] + within);
    line_out(places, made);
    for (int row = 0; row < OUT; row++) half[row][column] = made[row];
  }
  const floats bias = load_some(conv->bias + output, lanes);
  for (int row = 0; row < rows; row++) {
    floats made[OUT];
    line_out(half[row], made);
    for (int column = 0; column < columns; column++) {
      const floats sum = made[column] + bias;
      float *cell = to + ((ptrdiff_t)row * conv->columns + column) * conv->to_stride + output;
      /* In this order, what is no number stays so. */
      store_some(cell, conv->rectify ? larger(splat(0), sum) : sum, lanes);
    }
  }
}

static void transform_outputs(
    const struct winograd *conv, int first, int count, int panel, float (*sums)[BLOCK][PANEL]) {
  for (int tile = 0; tile < count; tile++) {
    const struct place place = place_of(conv, first + tile);
    const int rows = conv->rows - place.row < OUT ? conv->rows - place.row : OUT;
    const int columns = conv->columns - place.column < OUT ? conv->columns - place.column : OUT;
    const ptrdiff_t cell = ((ptrdiff_t)place.map * conv->rows + place.row) * conv->columns + place.column;
    float *to = conv->to + cell * conv->to_stride;
    for (int within = 0; within < PANEL && panel + within < conv->outputs; within += LANES) {
      const int output = panel + within;
      const int left = conv->outputs - output;
      if (left >= LANES) transform_out(conv, sums, tile, within, output, LANES, rows, columns, to);
      else transform_out(conv, sums, tile, within, output, left, rows, columns, to);
    }
  }
}

void winograd(const struct winograd *conv, int first, int count, void *workspace) {
  struct workspace *own = workspace;
  const ptrdiff_t stride = input_stride(conv);
  for (int block = 0; block < count; block += BLOCK) {
    const int tiles = count - block < BLOCK ? count - block : BLOCK;
    transform_inputs(conv, first + block, tiles, own->inputs);
    const float *weight = conv->weight;
    for (int panel = 0; panel < conv->outputs; panel += PANEL) {
      for (int place = 0; place < PLACES; place++) {
        multiply(own->inputs + place * stride, weight, conv->channels, tiles, own->sums[place]);
        weight += (ptrdiff_t)conv->channels * PANEL;
      }
      transform_outputs(conv, first + block, tiles, panel, own->sums);
    }
  }
}
