/*
 * The hot kernels as a Node-API addon, each with the arguments of the WebAssembly module's export of its name where it has one, after
 * the memory's ArrayBuffer and the byte offset of `workspaceBytes` bytes of scratch in it. Addresses are byte offsets
 * into that buffer, whose place is looked up on every call because the memory may grow. Kernels of the forward pass
 * and the product also take how many threads may share the work (team.h). There is no other state, so any number of threads may
 * load this file. All checks are the caller's (src/kernels.ts).
 */
#include "addon-scoring.h"
#include "addon-vision.h"
#include "call.h"

#include "../gradients/backward-conv.h"
#include "../gradients/backward-grid.h"
#include "../gradients/backward-scan.h"
#include "../gradients/backward-snake.h"
#include "../conv/conv.h"
#include "../grid/grid.h"
#include "../matrix/matmul.h"
#include "../scan/scan.h"
#include "../snake/snake.h"
#include "shares.h"
#include "team.h"

static napi_value convSilu(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info, 14);
  if (call.valid) {
    void *workspace = address(&call);
    const int threads = integer(&call);
    struct conv conv;
    conv.length = integer(&call);
    conv.channels = integer(&call);
    conv.taps = integer(&call);
    conv.backward = flag(&call);
    conv.x = address(&call);
    conv.x_stride = stride(&call);
    conv.weight = address(&call);
    conv.bias = address(&call);
    conv.positions = optional_address(&call);
    conv.u = address(&call);
    conv.u_stride = stride(&call);
    if (call.valid) share_out(threads, conv.channels, share_of_conv, &conv, workspace, conv_workspace_bytes);
  }
  if (!call.valid) napi_throw_type_error(env, NULL, "convSilu: wrong arguments");
  return NULL;
}

static napi_value selectiveScan(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info, 28);
  if (call.valid) {
    void *workspace = address(&call);
    const int threads = integer(&call);
    struct scan scan;
    scan.length = integer(&call);
    scan.channels = integer(&call);
    scan.states = integer(&call);
    scan.backward = flag(&call);
    scan.delta = address(&call);
    scan.delta_stride = stride(&call);
    scan.delta_bias = address(&call);
    scan.a = address(&call);
    scan.d = address(&call);
    scan.b = address(&call);
    scan.b_stride = stride(&call);
    scan.c = address(&call);
    scan.c_stride = stride(&call);
    scan.u = address(&call);
    scan.u_stride = stride(&call);
    scan.positions = optional_address(&call);
    scan.y = address(&call);
    scan.y_stride = stride(&call);
    scan.accumulate = flag(&call);
    scan.z = optional_address(&call);
    scan.z_stride = stride(&call);
    scan.scale = (float)number(&call);
    scan.own = optional_address(&call);
    scan.own_stride = stride(&call);
    scan.own_gated = flag(&call);
    if (call.valid) share_out(threads, scan.channels, share_of_scan, &scan, workspace, scan_workspace_bytes);
  }
  if (!call.valid) napi_throw_type_error(env, NULL, "selectiveScan: wrong arguments");
  return NULL;
}

static napi_value gridConv(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info, 16);
  if (call.valid) {
    void *workspace = address(&call);
    const int threads = integer(&call);
    struct grid grid;
    grid.length = integer(&call);
    grid.channels = integer(&call);
    grid.kernel = integer(&call);
    grid.rows = integer(&call);
    grid.columns = integer(&call);
    grid.x = address(&call);
    grid.x_stride = stride(&call);
    grid.weight = address(&call);
    grid.weight_stride = grid.channels;
    grid.bias = address(&call);
    grid.cells = optional_address(&call);
    grid.activate = flag(&call);
    grid.u = address(&call);
    grid.u_stride = stride(&call);
    if (call.valid) share_out(threads, grid.channels, share_of_grid, &grid, workspace, grid_workspace_bytes);
  }
  if (!call.valid) napi_throw_type_error(env, NULL, "gridConv: wrong arguments");
  return NULL;
}

static napi_value snakeScan(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info, 27);
  if (call.valid) {
    void *workspace = address(&call);
    const int threads = integer(&call);
    struct snake snake;
    snake.length = integer(&call);
    snake.channels = integer(&call);
    snake.states = integer(&call);
    snake.delta = address(&call);
    snake.delta_stride = stride(&call);
    snake.delta_bias = address(&call);
    snake.a = address(&call);
    snake.d = address(&call);
    snake.b = address(&call);
    snake.b_stride = stride(&call);
    snake.c = address(&call);
    snake.c_stride = stride(&call);
    snake.direction_b = address(&call);
    snake.u = address(&call);
    snake.u_stride = stride(&call);
    snake.orders = address(&call);
    snake.moves = address(&call);
    snake.gaps = optional_address(&call);
    snake.y = address(&call);
    snake.y_stride = stride(&call);
    snake.z = optional_address(&call);
    snake.z_stride = stride(&call);
    snake.sum = optional_address(&call);
    snake.sum_stride = stride(&call);
    if (call.valid) share_out(threads, snake.channels, share_of_snake, &snake, workspace, snake_workspace_bytes);
  }
  if (!call.valid) napi_throw_type_error(env, NULL, "snakeScan: wrong arguments");
  return NULL;
}

static napi_value scanBackward(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info, 32);
  if (call.valid) {
    struct backward_scan scan;
    /* The workspace: this one brings its own scratch. */
    address(&call);
    scan.length = integer(&call);
    scan.channels = integer(&call);
    scan.states = integer(&call);
    scan.backward = flag(&call);
    scan.delta = address(&call);
    scan.delta_stride = stride(&call);
    scan.delta_bias = address(&call);
    scan.a = address(&call);
    scan.d = address(&call);
    scan.b = address(&call);
    scan.b_stride = stride(&call);
    scan.c = address(&call);
    scan.c_stride = stride(&call);
    scan.u = address(&call);
    scan.u_stride = stride(&call);
    scan.positions = optional_address(&call);
    scan.dy = address(&call);
    scan.dy_stride = stride(&call);
    scan.d_delta = address(&call);
    scan.d_delta_stride = stride(&call);
    scan.d_u = address(&call);
    scan.d_u_stride = stride(&call);
    scan.d_b = address(&call);
    scan.d_b_stride = stride(&call);
    scan.d_c = address(&call);
    scan.d_c_stride = stride(&call);
    scan.d_delta_bias = address(&call);
    scan.d_a = address(&call);
    scan.d_d = address(&call);
    scan.scratch = address(&call);
    if (call.valid) scan_backward(&scan);
  }
  if (!call.valid) napi_throw_type_error(env, NULL, "scanBackward: wrong arguments");
  return NULL;
}

static napi_value gridConvBackward(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info, 20);
  if (call.valid) {
    struct backward_grid grid;
    /* The workspace: this one brings its own scratch. */
    address(&call);
    grid.length = integer(&call);
    grid.channels = integer(&call);
    grid.kernel = integer(&call);
    grid.rows = integer(&call);
    grid.columns = integer(&call);
    grid.x = address(&call);
    grid.x_stride = stride(&call);
    grid.weight = address(&call);
    grid.bias = address(&call);
    grid.cells = optional_address(&call);
    grid.activate = flag(&call);
    grid.du = address(&call);
    grid.du_stride = stride(&call);
    grid.dx = address(&call);
    grid.dx_stride = stride(&call);
    grid.d_weight = address(&call);
    grid.d_bias = address(&call);
    grid.scratch = address(&call);
    if (call.valid) grid_conv_backward(&grid);
  }
  if (!call.valid) napi_throw_type_error(env, NULL, "gridConvBackward: wrong arguments");
  return NULL;
}

static napi_value snakeBackward(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info, 35);
  if (call.valid) {
    struct backward_snake snake;
    /* The workspace: this one brings its own scratch. */
    address(&call);
    snake.length = integer(&call);
    snake.channels = integer(&call);
    snake.states = integer(&call);
    snake.delta = address(&call);
    snake.delta_stride = stride(&call);
    snake.delta_bias = address(&call);
    snake.a = address(&call);
    snake.d = address(&call);
    snake.b = address(&call);
    snake.b_stride = stride(&call);
    snake.c = address(&call);
    snake.c_stride = stride(&call);
    snake.direction_b = address(&call);
    snake.u = address(&call);
    snake.u_stride = stride(&call);
    snake.orders = address(&call);
    snake.moves = address(&call);
    snake.gaps = optional_address(&call);
    snake.dy = address(&call);
    snake.dy_stride = stride(&call);
    snake.d_delta = address(&call);
    snake.d_delta_stride = stride(&call);
    snake.d_u = address(&call);
    snake.d_u_stride = stride(&call);
    snake.d_b = address(&call);
    snake.d_b_stride = stride(&call);
    snake.d_c = address(&call);
    snake.d_c_stride = stride(&call);
    snake.d_delta_bias = address(&call);
    snake.d_a = address(&call);
    snake.d_d = address(&call);
    snake.d_direction_b = address(&call);
    snake.scratch = address(&call);
    if (call.valid) snake_backward(&snake);
  }
  if (!call.valid) napi_throw_type_error(env, NULL, "snakeBackward: wrong arguments");
  return NULL;
}

static napi_value matmulOf(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info, 17);
  if (call.valid) {
    void *workspace = address(&call);
    const int threads = integer(&call);
    struct matmul product;
    product.rows = integer(&call);
    product.inner = integer(&call);
    product.columns = integer(&call);
    product.first_column = 0;
    product.end_column = product.columns;
    product.a = address(&call);
    product.a_stride = stride(&call);
    product.trans_a = flag(&call);
    product.b = address(&call);
    product.b_stride = stride(&call);
    product.trans_b = flag(&call);
    product.packed = NULL;
    product.alpha = (float)number(&call);
    product.plus = optional_address(&call);
    product.plus_stride = stride(&call);
    product.to = address(&call);
    product.to_stride = stride(&call);
    if (call.valid) share_out(threads, product.rows, share_of_matmul, &product, workspace, matmul_workspace_bytes);
  }
  if (!call.valid) napi_throw_type_error(env, NULL, "matmul: wrong arguments");
  return NULL;
}

static napi_value packMatrix(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info, 8);
  if (call.valid) {
    /* The workspace: this one needs none. */
    address(&call);
    const int inner = integer(&call);
    const int columns = integer(&call);
    const float *b = address(&call);
    const ptrdiff_t b_stride = stride(&call);
    const bool trans_b = flag(&call);
    float *to = address(&call);
    if (call.valid) pack_matrix(inner, columns, b, b_stride, trans_b, to);
  }
  if (!call.valid) napi_throw_type_error(env, NULL, "packMatrix: wrong arguments");
  return NULL;
}

static napi_value matmulPacked(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info, 13);
  if (call.valid) {
    void *workspace = address(&call);
    const int threads = integer(&call);
    struct matmul product = {.alpha = 1};
    product.rows = integer(&call);
    product.inner = integer(&call);
    product.columns = integer(&call);
    product.end_column = product.columns;
    product.a = address(&call);
    product.a_stride = stride(&call);
    product.packed = address(&call);
    product.plus = optional_address(&call);
    product.plus_stride = stride(&call);
    product.to = address(&call);
    product.to_stride = stride(&call);
    const bool by_columns = 2 * product.columns >= product.rows;
    if (call.valid) {
      share_out(
          threads, by_columns ? product.columns : product.rows, by_columns ? share_of_packed : share_of_matmul, &product,
          workspace, matmul_workspace_bytes);
    }
  }
  if (!call.valid) napi_throw_type_error(env, NULL, "matmulPacked: wrong arguments");
  return NULL;
}

/* Floats that a matrix takes packed: of the inner axis, of the columns. */
static napi_value packedFloats(napi_env env, napi_callback_info info) {
  size_t given = 2;
  napi_value arguments[2];
  int32_t inner = 0;
  int32_t columns = 0;
  napi_value floats = NULL;
  if (napi_get_cb_info(env, info, &given, arguments, NULL, NULL) != napi_ok || given != 2 ||
      napi_get_value_int32(env, arguments[0], &inner) != napi_ok ||
      napi_get_value_int32(env, arguments[1], &columns) != napi_ok ||
      napi_create_double(env, (double)packed_floats(inner, columns), &floats) != napi_ok) {
    napi_throw_type_error(env, NULL, "packedFloats: wrong arguments");
  }
  return floats;
}

static napi_value convBackward(napi_env env, napi_callback_info info) {
  struct call call = begin(env, info, 19);
  if (call.valid) {
    struct backward_conv conv;
    /* The workspace: this one needs none. */
    address(&call);
    conv.length = integer(&call);
    conv.channels = integer(&call);
    conv.taps = integer(&call);
    conv.backward = flag(&call);
    conv.x = address(&call);
    conv.x_stride = stride(&call);
    conv.weight = address(&call);
    conv.bias = address(&call);
    conv.positions = optional_address(&call);
    conv.du = address(&call);
    conv.du_stride = stride(&call);
    conv.dx = address(&call);
    conv.dx_stride = stride(&call);
    conv.accumulate = flag(&call);
    conv.d_weight = address(&call);
    conv.d_bias = address(&call);
    /* The scratch is the WebAssembly kernel's. */
    address(&call);
    if (call.valid) conv_backward(&conv);
  }
  if (!call.valid) napi_throw_type_error(env, NULL, "convBackward: wrong arguments");
  return NULL;
}

static size_t larger_of(size_t a, size_t b) { return a > b ? a : b; }

NAPI_MODULE_INIT() {
  const size_t most = larger_of(
      larger_of(scan_workspace_bytes, conv_workspace_bytes), larger_of(snake_workspace_bytes, larger_of(grid_workspace_bytes, matmul_workspace_bytes)));
  const struct {
    const char *name;
    napi_callback call;
  } functions[] = {
      {"convSilu", convSilu},   {"selectiveScan", selectiveScan}, {"gridConv", gridConv},
      {"snakeScan", snakeScan}, {"scanBackward", scanBackward},   {"gridConvBackward", gridConvBackward},
      {"snakeBackward", snakeBackward}, {"matmul", matmulOf}, {"packMatrix", packMatrix},
      {"matmulPacked", matmulPacked}, {"packedFloats", packedFloats}, {"convBackward", convBackward},
      {"deformable", call_deformable}, {"roiAlign", call_roi_align}, {"winograd", call_winograd},
      {"readerWeights", call_reader_weights}, {"addContributions", call_add_contributions}, {"reduceRows", call_reduce_rows},
  };
  napi_value value;
  if (napi_create_double(env, (double)most, &value) != napi_ok ||
      napi_set_named_property(env, exports, "workspaceBytes", value) != napi_ok) {
    return NULL;
  }
  for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
    if (napi_create_function(env, functions[i].name, NAPI_AUTO_LENGTH, functions[i].call, NULL, &value) != napi_ok ||
        napi_set_named_property(env, exports, functions[i].name, value) != napi_ok) {
      return NULL;
    }
  }
  return exports;
}
