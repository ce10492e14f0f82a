/*
 * One vector of channels at a time: its inputs are staged in scan order; then, four states at a time, the recurrence
 * runs forward with every state and decay kept, and its gradient backward. Sums over channels for B and C are kept
 * apart by lane until the last channels are done.
 */
#include "backward-scan.h"

#include <string.h>

#include "backward-functions.h"

/* States in registers at once. */
#define BLOCK 4
/* [L, LANES] each but the last four, in scan order. */
struct staged {
  float *u;
  float *dy;
  /* Delta, delta with its gap, delta u, the slope of softplus. */
  float *delta;
  float *time;
  float *input;
  float *slope;
  /* dL/d(delta u), and dL/d time over log2 e, summed over the states so far. */
  float *d_input;
  float *d_time;
  /* [L] */
  float *gap;
  /* [L + 1, BLOCK, LANES] */
  float *h;
  float *decay;
  /* [L, N, LANES] */
  float *sum_b;
  float *sum_c;
};

static struct staged lay_out(const struct backward_scan *scan) {
  const size_t row = (size_t)scan->length * LANES;
  float *next = scan->scratch;
  struct staged own;
  float **rows[] = {&own.u,     &own.dy,    &own.delta,   &own.time,
                    &own.input, &own.slope, &own.d_input, &own.d_time};
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    *rows[i] = next;
    next += row;
  }
  own.gap = next;
  own.h = own.gap + scan->length;
  own.decay = own.h + (row + LANES) * BLOCK;
  own.sum_b = own.decay + row * BLOCK;
  own.sum_c = own.sum_b + row * (size_t)scan->states;
  return own;
}

/* Everything about channels `first` on, `count` of them, that needs no state. */
static void prepare(const struct staged *own, const struct backward_scan *scan, int first, int count) {
  const floats bias = load_some(scan->delta_bias + first, count);
  const floats rest = softplus(bias);
  for (int step = 0; step < scan->length; step++) {
    const size_t at = (size_t)step * LANES;
    const floats raw = load_some(scan->delta + step * scan->delta_stride + first, count) + bias;
    const floats u = load_some(scan->u + step * scan->u_stride + first, count);
    const floats delta = softplus(raw);
    store(own->u + at, u);
    store(own->dy + at, load_some(scan->dy + step * scan->dy_stride + first, count));
    store(own->delta + at, delta);
    store(own->time + at, splat(own->gap[step]) * rest + delta);
    store(own->input + at, delta * u);
    store(own->slope + at, sigmoid(raw));
    store(own->d_input + at, splat(0));
    store(own->d_time + at, splat(0));
  }
}

/* States n on: forward, every state and decay kept. */
static void recompute(const struct staged *own, const struct backward_scan *scan, const floats *a, int n) {
  floats h[BLOCK];
  for (int i = 0; i < BLOCK; i++) {
    h[i] = splat(0);
    store(own->h + i * LANES, h[i]);
  }
  const float *b = scan->b + n;
  for (int step = 0; step < scan->length; step++) {
    const size_t at = (size_t)step * LANES;
    const floats time = load(own->time + at);
    const floats input = load(own->input + at);
    for (int i = 0; i < BLOCK; i++) {
      const floats decay = exp2_within(larger(time * a[i], splat(LOWEST)));
      h[i] = decay * h[i] + input * splat(b[i]);
      if (step % CLEANING == CLEANING - 1) h[i] = without_denormals(h[i]);
      store(own->decay + at * BLOCK + i * LANES, decay);
      store(own->h + (at + LANES) * BLOCK + i * LANES, h[i]);
    }
    b += scan->b_stride;
  }
}

/* States n on: from the last step to the first. */
static void pull_back(const struct staged *own, const struct backward_scan *scan, const floats *a, floats *d_a, int n) {
  floats carried[BLOCK];
  for (int i = 0; i < BLOCK; i++) carried[i] = d_a[i] = splat(0);
  const ptrdiff_t last = scan->length - 1;
  const float *b = scan->b + last * scan->b_stride + n;
  const float *c = scan->c + last * scan->c_stride + n;
  for (ptrdiff_t step = last; step >= 0; step--) {
    const size_t at = (size_t)step * LANES;
    const floats dy = load(own->dy + at);
    const floats input = load(own->input + at);
    const floats time = load(own->time + at);
    floats d_input = load(own->d_input + at);
    floats d_time = load(own->d_time + at);
    float *sum_b = own->sum_b + at * (size_t)scan->states + n * LANES;
    float *sum_c = own->sum_c + at * (size_t)scan->states + n * LANES;
    const float *before = own->h + at * BLOCK;
    for (int i = 0; i < BLOCK; i++) {
      const floats lambda = dy * splat(c[i]) + carried[i];
      store(sum_c + i * LANES, dy * load(before + (BLOCK + i) * LANES) + load(sum_c + i * LANES));
      store(sum_b + i * LANES, lambda * input + load(sum_b + i * LANES));
      d_input += lambda * splat(b[i]);
      carried[i] = lambda * load(own->decay + at * BLOCK + i * LANES);
      const floats through = carried[i] * load(before + i * LANES);
      d_time += through * a[i];
      d_a[i] += through * time;
      if (step % CLEANING == 0) carried[i] = without_denormals(carried[i]);
    }
    store(own->d_input + at, d_input);
    store(own->d_time + at, d_time);
    b -= scan->b_stride;
    c -= scan->c_stride;
  }
}

/* The states of channels `first` on. */
static void all_states(const struct staged *own, const struct backward_scan *scan, int first, int count) {
  const int states = scan->states;
  for (int n = 0; n < states; n += BLOCK) {
    floats a[BLOCK];
    floats d_a[BLOCK];
    for (int i = 0; i < BLOCK; i++) {
      a[i] = splat(0);
      for (int lane = 0; lane < count; lane++) a[i][lane] = scan->a[(ptrdiff_t)(first + lane) * states + n + i] * LOG2E;
    }
    recompute(own, scan, a, n);
    pull_back(own, scan, a, d_a, n);
    for (int i = 0; i < BLOCK; i++) {
      for (int lane = 0; lane < count; lane++) scan->d_a[(ptrdiff_t)(first + lane) * states + n + i] += d_a[i][lane];
    }
  }
}

/* The rows of delta and u, and the sums for D and the bias of delta, of channels `first` on. */
static void finish(const struct staged *own, const struct backward_scan *scan, int first, int count) {
  const floats skip = load_some(scan->d + first, count);
  floats d_skip = splat(0);
  floats d_bias = splat(0);
  floats d_rest = splat(0);
  for (int step = 0; step < scan->length; step++) {
    const size_t at = (size_t)step * LANES;
    const floats dy = load(own->dy + at);
    const floats u = load(own->u + at);
    const floats d_input = load(own->d_input + at);
    /* The staged A carries a factor log2 e. */
    const floats d_time = load(own->d_time + at) * splat(LN2);
    const floats raw = (u * d_input + d_time) * load(own->slope + at);
    store_some(scan->d_delta + step * scan->d_delta_stride + first, raw, count);
    store_some(scan->d_u + step * scan->d_u_stride + first, load(own->delta + at) * d_input + skip * dy, count);
    d_skip += u * dy;
    d_bias += raw;
    d_rest += splat(own->gap[step]) * d_time;
  }
  d_bias += d_rest * sigmoid(load_some(scan->delta_bias + first, count));
  store_some(scan->d_d + first, load_some(scan->d_d + first, count) + d_skip, count);
  store_some(scan->d_delta_bias + first, load_some(scan->d_delta_bias + first, count) + d_bias, count);
}

/* The same with row 0 the first step: a backward scan begins at the last row and has negative strides. */
static struct backward_scan in_scan_order(struct backward_scan scan) {
  if (!scan.backward) return scan;
  const ptrdiff_t last = scan.length - 1;
  scan.delta += last * scan.delta_stride;
  scan.b += last * scan.b_stride;
  scan.c += last * scan.c_stride;
  scan.u += last * scan.u_stride;
  scan.dy += last * scan.dy_stride;
  scan.d_delta += last * scan.d_delta_stride;
  scan.d_u += last * scan.d_u_stride;
  scan.d_b += last * scan.d_b_stride;
  scan.d_c += last * scan.d_c_stride;
  if (scan.positions != NULL) scan.positions += last;
  scan.delta_stride = -scan.delta_stride;
  scan.b_stride = -scan.b_stride;
  scan.c_stride = -scan.c_stride;
  scan.u_stride = -scan.u_stride;
  scan.dy_stride = -scan.dy_stride;
  scan.d_delta_stride = -scan.d_delta_stride;
  scan.d_u_stride = -scan.d_u_stride;
  scan.d_b_stride = -scan.d_b_stride;
  scan.d_c_stride = -scan.d_c_stride;
  return scan;
}

void scan_backward(const struct backward_scan *call) {
  const struct backward_scan scan = in_scan_order(*call);
  const struct staged own = lay_out(&scan);
  const ptrdiff_t direction = scan.backward ? -1 : 1;
  for (ptrdiff_t step = 0; step < scan.length; step++) {
    own.gap[step] = 0;
    if (scan.positions == NULL || step == 0) continue;
    const int32_t *here = scan.positions + step * direction;
    own.gap[step] = (float)(((int64_t)here[0] - here[-direction]) * direction - 1);
  }
  memset(own.sum_b, 0, sizeof(float) * 2 * (size_t)scan.length * (size_t)scan.states * LANES);
  for (int first = 0; first < scan.channels; first += LANES) {
    const int left = scan.channels - first;
    const int count = left < LANES ? left : LANES;
    prepare(&own, &scan, first, count);
    all_states(&own, &scan, first, count);
    finish(&own, &scan, first, count);
  }
  for (int step = 0; step < scan.length; step++) {
    for (int n = 0; n < scan.states; n++) {
      const size_t at = ((size_t)step * (size_t)scan.states + (size_t)n) * LANES;
      scan.d_b[step * scan.d_b_stride + n] = sum_of_lanes(load(own.sum_b + at));
      scan.d_c[step * scan.d_c_stride + n] = sum_of_lanes(load(own.sum_c + at));
    }
  }
}
