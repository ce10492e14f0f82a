/*
 * The samples of a bin are a grid, so that a cell's share is that of its row times that of its column: however many samples
 * there are, every cell under them is read once.
 */
#include "roi-align.h"

#include <math.h>

#include "../common/lanes.h"

#define MAX_GRID 4096

/* Shares of the cells first ... first + count - 1 along one side of a map; none where count is 0. */
struct line {
  int first;
  int count;
  float shares[MAX_GRID + 1];
};

static void add(struct line *line, int cell, float share) {
  if (line->count == 0) line->first = cell;
  const int at = cell - line->first;
  while (line->count <= at) line->shares[line->count++] = 0;
  line->shares[at] += share;
}

/* Bin number `index` of those that begin at `start`; cells come in rising order. */
static void shares(struct line *line, double start, double bin, int index, int size) {
  const double samples = ceil(bin);
  line->count = 0;
  for (double i = 0; i < samples; i++) {
    double position = start + index * bin + (i + 0.5) * bin / samples;
    if (position < -1) continue;
    if (position > size) break;
    if (position < 0) position = 0;
    const int first = (int)position;
    if (first >= size - 1) {
      add(line, size - 1, (float)(1 / samples));
    } else {
      const double rest = position - first;
      add(line, first, (float)((1 - rest) / samples));
      add(line, first + 1, (float)(rest / samples));
    }
  }
}

/* `vectors` vectors of channels, the last one of `lanes`. */
INLINE void sum_cells(
    const struct line *rows, const struct line *columns, const float *from, ptrdiff_t stride, int width, float *to,
    int vectors, int lanes) {
  floats sums[4] = {{0}};
  for (int row = 0; row < rows->count; row++) {
    const float *cell = from + ((ptrdiff_t)(rows->first + row) * width + columns->first) * stride;
    for (int column = 0; column < columns->count; column++) {
      const floats share = splat(rows->shares[row] * columns->shares[column]);
      for (int i = 0; i < vectors; i++) {
        const int count = i + 1 == vectors ? lanes : LANES;
        sums[i] += share * load_some(cell + i * LANES, count);
      }
      cell += stride;
    }
  }
  for (int i = 0; i < vectors; i++) store_some(to + i * LANES, sums[i], i + 1 == vectors ? lanes : LANES);
}

void roi_align(const struct roi_align *own) {
  struct line rows;
  struct line columns;
  for (int region = 0; region < own->regions; region++) {
    const int level = own->box_levels[region];
    const float *from = own->values;
    for (int i = 0; i < level; i++) {
      from += (ptrdiff_t)own->grids[3 * i] * own->grids[3 * i + 1] * own->values_stride;
    }
    const int32_t *grid = own->grids + 3 * level;
    const float *box = own->boxes + 4 * region;
    const double left = (double)box[0] / grid[2] - 0.5;
    const double top = (double)box[1] / grid[2] - 0.5;
    const double bin_width = ((double)box[2] / grid[2] - 0.5 - left) / own->side;
    const double bin_height = ((double)box[3] / grid[2] - 0.5 - top) / own->side;
    float *to = own->to + (ptrdiff_t)region * own->side * own->side * own->to_stride;
    for (int row = 0; row < own->side; row++) {
      shares(&rows, top, bin_height, row, grid[0]);
      for (int column = 0; column < own->side; column++, to += own->to_stride) {
        shares(&columns, left, bin_width, column, grid[1]);
        int at = 0;
        for (; at + 4 * LANES <= own->channels; at += 4 * LANES) {
          sum_cells(&rows, &columns, from + at, own->values_stride, grid[1], to + at, 4, LANES);
        }
        for (; at < own->channels; at += LANES) {
          const int lanes = own->channels - at < LANES ? own->channels - at : LANES;
          sum_cells(&rows, &columns, from + at, own->values_stride, grid[1], to + at, 1, lanes);
        }
      }
    }
  }
}
