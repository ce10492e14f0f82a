#include "shares.h"

#include "../contribution/contribution.h"
#include "../conv/conv.h"
#include "../deformable/deformable.h"
#include "../grid/grid.h"
#include "../reductions/reductions.h"
#include "../matrix/matmul.h"
#include "../roi/roi-align.h"
#include "../scan/scan.h"
#include "../snake/snake.h"
#include "../winograd/winograd.h"

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

void share_of_reader_weights(const void *call, int first, int count, void *workspace) {
  (void)workspace;
  struct reader_weights own = *(const struct reader_weights *)call;
  own.channels = count;
  own.delta += first;
  own.delta_bias += first;
  own.z += first;
  own.to += first;
  weigh_readers(&own);
}

void share_of_contributions(const void *call, int first, int count, void *workspace) {
  (void)workspace;
  struct contributions own = *(const struct contributions *)call;
  own.channels = count;
  own.delta += first;
  own.delta_bias += first;
  own.u += first;
  own.read += first;
  own.to += first;
  add_contributions(&own);
}

void share_of_reduction(const void *call, int first, int count, void *workspace) {
  (void)workspace;
  struct reduction own = *(const struct reduction *)call;
  own.length = count;
  own.x += first * own.stride;
  own.to += first;
  reduce_rows(&own);
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

void share_of_packed(const void *call, int first, int count, void *workspace) {
  struct matmul own = *(const struct matmul *)call;
  own.first_column = first;
  own.end_column = first + count;
  matmul(&own, workspace);
}

void share_of_deformable(const void *call, int first, int count, void *workspace) {
  (void)workspace;
  struct deformable own = *(const struct deformable *)call;
  own.queries = count;
  own.references += first * own.references_stride;
  own.offsets += first * own.offsets_stride;
  own.scores += first * own.scores_stride;
  own.to += first * own.to_stride;
  deformable(&own);
}

void share_of_roi_align(const void *call, int first, int count, void *workspace) {
  (void)workspace;
  struct roi_align own = *(const struct roi_align *)call;
  own.regions = count;
  own.boxes += 4 * (ptrdiff_t)first;
  own.box_levels += first;
  own.to += (ptrdiff_t)first * own.side * own.side * own.to_stride;
  roi_align(&own);
}

void share_of_winograd(const void *call, int first, int count, void *workspace) {
  winograd(call, first, count, workspace);
}
