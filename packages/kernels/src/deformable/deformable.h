/*
 * The middle of multi-scale deformable attention; deformable.ts says what it is, deformable.asm.ts is its WebAssembly
 * twin.
 *
 * Strides are floats from row to row. The caller has checked everything.
 */
#ifndef DEFORMABLE_H
#define DEFORMABLE_H

#include <stddef.h>
#include <stdint.h>

struct deformable {
  int queries;
  int channels;
  int heads;
  int points;
  /* levels * points is at most 64 */
  int levels;
  /* [levels, 2]: height, width */
  const int32_t *grids;
  /* [Q, 2]: x, y */
  const float *references;
  ptrdiff_t references_stride;
  /* [Q, heads * levels * points * 2]: x, y */
  const float *offsets;
  ptrdiff_t offsets_stride;
  /* [Q, heads * levels * points] */
  const float *scores;
  ptrdiff_t scores_stride;
  /* [S, d], level after level */
  const float *values;
  ptrdiff_t values_stride;
  /* [Q, d] */
  float *to;
  ptrdiff_t to_stride;
};

void deformable(const struct deformable *attention);

#endif
