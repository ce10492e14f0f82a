#include "shares.h"

#include "../conv/conv.h"
#include "../grid/grid.h"
#include "../matrix/matmul.h"
#include "../scan/scan.h"
#include "../snake/snake.h"

void share_of_conv(const void *call, int first, int count, void *workspace) {
  struct conv own = *(const struct conv *)call;
  own.channels = count;
  own.x += first;
  own.weight += (ptrdiff_t)first * own.taps;
  own.bias += first;
  own.u += first;
  conv_silu(&own, workspace);
}

void share_of_scan(const void *call, int first, int count, void *workspace) {
  struct scan own = *(const struct scan *)call;
  own.channels = count;
  own.delta += first;
  own.delta_bias += first;
  own.a += (ptrdiff_t)first * own.states;
  own.d += first;
  own.u += first;
  own.y += first;
  if (own.z != NULL) own.z += first;
  if (own.own != NULL) own.own += first;
  selective_scan(&own, workspace);
}

void share_of_grid(const void *call, int first, int count, void *workspace) {
  struct grid own = *(const struct grid *)call;
  own.channels = count;
  own.x += first;
  own.weight += first;
  own.bias += first;
  own.u += first;
  grid_conv(&own, workspace);
}

void share_of_snake(const void *call, int first, int count, void *workspace) {
  struct snake own = *(const struct snake *)call;
  own.channels = count;
  own.delta += first;
  own.delta_bias += first;
  own.a += (ptrdiff_t)first * own.states;
  own.d += first;
  own.u += first;
  own.y += first;
  if (own.z != NULL) own.z += first;
  if (own.sum != NULL) own.sum += first;
  snake_scan(&own, workspace);
}

void share_of_matmul(const void *call, int first, int count, void *workspace) {
  struct matmul own = *(const struct matmul *)call;
  own.rows = count;
  own.a += own.trans_a ? first : first * own.a_stride;
  if (own.plus != NULL) own.plus += first * own.plus_stride;
  own.to += first * own.to_stride;
  matmul(&own, workspace);
}
