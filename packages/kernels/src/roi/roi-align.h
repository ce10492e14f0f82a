/*
 * RoIAlign on maps whose cells are rows of channels; roi-align.ts says what it is, roi-align.asm.ts is its WebAssembly
 * twin.
 *
 * Strides are floats from row to row. The caller has checked everything.
 */
#ifndef ROI_ALIGN_H
#define ROI_ALIGN_H

#include <stddef.h>
#include <stdint.h>

struct roi_align {
  int regions;
  int channels;
  int side;
  /* [levels, 3]: height and width, at most 4096, and pixels along a side of a cell */
  const int32_t *grids;
  /* [n, 4]: x1, y1, x2, y2 in pixels */
  const float *boxes;
  /* [n] */
  const int32_t *box_levels;
  /* [S, channels], level after level */
  const float *values;
  ptrdiff_t values_stride;
  /* [n * side * side, channels] */
  float *to;
  ptrdiff_t to_stride;
};

void roi_align(const struct roi_align *own);

#endif
