#include "addon-vision.h"

#include "../deformable/deformable.h"
#include "../roi/roi-align.h"
#include "../winograd/winograd.h"
#include "shares.h"
#include "team.h"

napi_value call_deformable(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info, 19);
  if (call.valid) {
    void *workspace = address(&call);
    const int threads = integer(&call);
    struct deformable own;
    own.queries = integer(&call);
    own.channels = integer(&call);
    own.heads = integer(&call);
    own.points = integer(&call);
    own.levels = integer(&call);
    own.grids = address(&call);
    own.references = address(&call);
    own.references_stride = stride(&call);
    own.offsets = address(&call);
    own.offsets_stride = stride(&call);
    own.scores = address(&call);
    own.scores_stride = stride(&call);
    own.values = address(&call);
    own.values_stride = stride(&call);
    own.to = address(&call);
    own.to_stride = stride(&call);
    if (call.valid) share_out(threads, own.queries, share_of_deformable, &own, workspace, 0);
  }
  if (!call.valid) napi_throw_type_error(env, NULL, "deformable: wrong arguments");
  return NULL;
}

napi_value call_roi_align(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info, 13);
  if (call.valid) {
    void *workspace = address(&call);
    const int threads = integer(&call);
    struct roi_align own;
    own.regions = integer(&call);
    own.channels = integer(&call);
    own.side = integer(&call);
    own.grids = address(&call);
    own.boxes = address(&call);
    own.box_levels = address(&call);
    own.values = address(&call);
    own.values_stride = stride(&call);
    own.to = address(&call);
    own.to_stride = stride(&call);
    if (call.valid) share_out(threads, own.regions, share_of_roi_align, &own, workspace, 0);
  }
  if (!call.valid) napi_throw_type_error(env, NULL, "roiAlign: wrong arguments");
  return NULL;
}

napi_value call_winograd(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info, 16);
  if (call.valid) {
    /* The workspace: this one brings its own scratch. */
    address(&call);
    const int threads = integer(&call);
    struct winograd own;
    own.maps = integer(&call);
    own.rows = integer(&call);
    own.columns = integer(&call);
    own.channels = integer(&call);
    own.outputs = integer(&call);
    own.x = address(&call);
    own.x_stride = stride(&call);
    own.weight = address(&call);
    own.bias = address(&call);
    own.rectify = flag(&call);
    void *scratch = address(&call);
    own.to = address(&call);
    own.to_stride = stride(&call);
    if (call.valid) {
      share_out(threads, winograd_tiles(&own), share_of_winograd, &own, scratch, winograd_workspace_bytes(&own));
    }
  }
  if (!call.valid) napi_throw_type_error(env, NULL, "winograd: wrong arguments");
  return NULL;
}
