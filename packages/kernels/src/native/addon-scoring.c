#include "addon-scoring.h"

#include "../contribution/contribution.h"
#include "../reductions/reductions.h"
#include "shares.h"
#include "team.h"

napi_value call_reader_weights(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info, 12);
  if (call.valid) {
    void *workspace = address(&call);
    const int threads = integer(&call);
    struct reader_weights own;
    own.length = integer(&call);
    own.channels = integer(&call);
    own.delta = address(&call);
    own.delta_stride = stride(&call);
    own.delta_bias = address(&call);
    own.z = address(&call);
    own.z_stride = stride(&call);
    own.to = address(&call);
    own.to_stride = stride(&call);
    if (call.valid) share_out(threads, own.channels, share_of_reader_weights, &own, workspace, 0);
  }
  if (!call.valid) napi_throw_type_error(env, NULL, "readerWeights: wrong arguments");
  return NULL;
}

napi_value call_add_contributions(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info, 14);
  if (call.valid) {
    void *workspace = address(&call);
    const int threads = integer(&call);
    struct contributions own;
    own.length = integer(&call);
    own.channels = integer(&call);
    own.delta = address(&call);
    own.delta_stride = stride(&call);
    own.delta_bias = address(&call);
    own.u = address(&call);
    own.u_stride = stride(&call);
    own.read = address(&call);
    own.read_stride = stride(&call);
    own.to = address(&call);
    own.to_stride = stride(&call);
    if (call.valid) share_out(threads, own.channels, share_of_contributions, &own, workspace, 0);
  }
  if (!call.valid) napi_throw_type_error(env, NULL, "addContributions: wrong arguments");
  return NULL;
}

napi_value call_reduce_rows(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info, 9);
  if (call.valid) {
    void *workspace = address(&call);
    const int threads = integer(&call);
    struct reduction own;
    own.kind = (enum row_reduction)integer(&call);
    own.length = integer(&call);
    own.channels = integer(&call);
    own.x = address(&call);
    own.stride = stride(&call);
    own.to = address(&call);
    if (call.valid) share_out(threads, own.length, share_of_reduction, &own, workspace, 0);
  }
  if (!call.valid) napi_throw_type_error(env, NULL, "reduceRows: wrong arguments");
  return NULL;
}
