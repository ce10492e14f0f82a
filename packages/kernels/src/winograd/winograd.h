/*
 * 3 x 3 convolutions of maps, by Winograd's F(4 x 4, 3 x 3); winograd.ts says what they are. There is no WebAssembly twin: its
 * products are slower than a convolution by ONNX Runtime.
 *
 * Strides are floats from row to row. The caller has checked everything.
 */
#ifndef WINOGRAD_H
#define WINOGRAD_H

#include <stdbool.h>
#include <stddef.h>

struct winograd {
  int maps;
  /* In cells. */
  int rows;
  int columns;
  int channels;
  int outputs;
  /* [maps * rows * columns, channels] */
  const float *x;
  ptrdiff_t x_stride;
  /* [outputs / 32, 36, channels, 32], as winograd.ts makes it */
  const float *weight;
  /* [outputs] */
  const float *bias;
  /* With ReLU. */
  bool rectify;
  /* [maps * rows * columns, outputs] */
  float *to;
  ptrdiff_t to_stride;
};

/* Tiles of 4 x 4 outputs of all maps: what a call is shared out by. */
int winograd_tiles(const struct winograd *conv);

/* Bytes of workspace: those of winogradScratch in winograd.ts. */
size_t winograd_workspace_bytes(const struct winograd *conv);

/* `count` tiles from `first` on. `workspace`: any content. */
void winograd(const struct winograd *conv, int first, int count, void *workspace);

#endif
