/*
 * One vector of channels at a time, two states at a time, all four directions at once: the recurrences run forward
 * with every state and decay kept, and their gradients backward. Step m of every direction shares delta, B, C and, where
 * it has no gap, one exponential; u, dy and their gradients lie by token. Sums over channels for B, C and the moves'
 * vectors are kept apart by lane until the last channels are done.
 */
#include "backward-snake.h"

#include <stdbool.h>
#include <string.h>

#include "backward-functions.h"

#define DIRECTIONS 4
#define MOVES 5
/* States in registers at once, of each direction. */
#define BLOCK 2

/* [K, LANES] each but where said. */
struct staged {
  /* By token. */
  float *u;
  float *dy;
  float *d_u;
  /* By step: delta, and dL/d delta over all directions and the states so far. */
  float *delta;
  float *d_delta;
  /* [K + 1, DIRECTIONS, BLOCK, LANES], [K, DIRECTIONS, BLOCK, LANES]; without gaps one decay serves all directions */
  float *h;
  float *decay;
  /* [K, N, LANES] */
  float *sum_b;
  float *sum_c;
  /* [MOVES, N, LANES] */
  float *sum_moves;
  /* [K, N, DIRECTIONS]: B with the moves' vectors. */
  float *b;
};

static struct staged lay_out(const struct backward_snake *snake) {
  const size_t row = (size_t)snake->length * LANES;
  const size_t states = (size_t)snake->states;
  struct staged own;
  own.b = snake->scratch;
  float *next = own.b + (size_t)snake->length * states * DIRECTIONS;
  float **rows[] = {&own.u, &own.dy, &own.d_u, &own.delta, &own.d_delta};
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    *rows[i] = next;
    next += row;
  }
  own.h = next;
  own.decay = own.h + (row + LANES) * DIRECTIONS * BLOCK;
  own.sum_b = own.decay + row * DIRECTIONS * BLOCK;
  own.sum_c = own.sum_b + row * states;
  own.sum_moves = own.sum_c + row * states;
  return own;
}

static void add_directions(const struct staged *own, const struct backward_snake *snake) {
  float *to = own->b;
  for (int step = 0; step < snake->length; step++) {
    const float *b = snake->b + step * snake->b_stride;
    for (int n = 0; n < snake->states; n++) {
      for (int k = 0; k < DIRECTIONS; k++) {
        *to++ = b[n] + snake->direction_b[snake->moves[k * snake->length + step] * snake->states + n];
      }
    }
  }
}

/* Everything about channels `first` on, `count` of them, that needs no state. */
static void prepare(const struct staged *own, const struct backward_snake *snake, int first, int count) {
  const floats bias = load_some(snake->delta_bias + first, count);
  const floats skip = splat(DIRECTIONS) * load_some(snake->d + first, count);
  for (int step = 0; step < snake->length; step++) {
    const size_t at = (size_t)step * LANES;
    const floats dy = load_some(snake->dy + step * snake->dy_stride + first, count);
    store(own->u + at, load_some(snake->u + step * snake->u_stride + first, count));
    store(own->dy + at, dy);
    store(own->d_u + at, skip * dy);
    store(own->delta + at, softplus(load_some(snake->delta + step * snake->delta_stride + first, count) + bias));
    store(own->d_delta + at, splat(0));
  }
}

/* States n on: forward, every state and decay kept. */
INLINE void recompute_states(
    const struct staged *own, const struct backward_snake *snake, const floats *a, floats rest, int n, bool gaps) {
  floats h[DIRECTIONS][BLOCK];
  for (int k = 0; k < DIRECTIONS; k++) {
    for (int i = 0; i < BLOCK; i++) {
      h[k][i] = splat(0);
      store(own->h + (k * BLOCK + i) * LANES, h[k][i]);
    }
  }
  for (int step = 0; step < snake->length; step++) {
    const size_t at = (size_t)step * LANES;
    const floats delta = load(own->delta + at);
    const float *b = own->b + ((size_t)step * (size_t)snake->states + (size_t)n) * DIRECTIONS;
    float *to = own->h + (at + LANES) * DIRECTIONS * BLOCK;
    float *kept = own->decay + at * (gaps ? DIRECTIONS * BLOCK : BLOCK);
    floats shared[BLOCK];
    for (int i = 0; i < BLOCK; i++) shared[i] = exp2_within(larger(delta * a[i], splat(LOWEST)));
    for (int k = 0; k < DIRECTIONS; k++) {
      const int entry = k * snake->length + step;
      const floats input = delta * load(own->u + (size_t)snake->orders[entry] * LANES);
      const int gap = gaps ? snake->gaps[entry] : 0;
      const floats time = delta + splat((float)gap) * rest;
      for (int i = 0; i < BLOCK; i++) {
        const floats decay = gaps && gap > 0 ? exp2_within(larger(time * a[i], splat(LOWEST))) : shared[i];
        h[k][i] = decay * h[k][i] + input * splat(b[i * DIRECTIONS + k]);
        if (step % CLEANING == CLEANING - 1) h[k][i] = without_denormals(h[k][i]);
        if (gaps || k == 0) store(kept + (k * BLOCK + i) * LANES, decay);
        store(to + (k * BLOCK + i) * LANES, h[k][i]);
      }
    }
  }
}

/* States n on: from the last step to the first. Adds to d_rest, over log2 e. */
INLINE void pull_back_states(
    const struct staged *own, const struct backward_snake *snake, const floats *a, floats *d_a, floats rest,
    floats *d_rest, int n, bool gaps) {
  floats carried[DIRECTIONS][BLOCK];
  for (int i = 0; i < BLOCK; i++) d_a[i] = splat(0);
  for (int k = 0; k < DIRECTIONS; k++) {
    for (int i = 0; i < BLOCK; i++) carried[k][i] = splat(0);
  }
  for (int step = snake->length - 1; step >= 0; step--) {
    const size_t at = (size_t)step * LANES;
    const size_t pair = (size_t)step * (size_t)snake->states + (size_t)n;
    const floats delta = load(own->delta + at);
    const float *b = own->b + pair * DIRECTIONS;
    const float *c = snake->c + step * snake->c_stride + n;
    float *sum_b = own->sum_b + pair * LANES;
    float *sum_c = own->sum_c + pair * LANES;
    const float *before = own->h + at * DIRECTIONS * BLOCK;
    const float *after = before + DIRECTIONS * BLOCK * LANES;
    const float *decay = own->decay + at * (gaps ? DIRECTIONS * BLOCK : BLOCK);
    floats d_delta = load(own->d_delta + at);
    floats to_b[BLOCK];
    floats to_c[BLOCK];
    for (int i = 0; i < BLOCK; i++) {
      to_b[i] = load(sum_b + i * LANES);
      to_c[i] = load(sum_c + i * LANES);
    }
    for (int k = 0; k < DIRECTIONS; k++) {
      const int entry = k * snake->length + step;
      const size_t token = (size_t)snake->orders[entry] * LANES;
      float *moved = own->sum_moves + ((size_t)snake->moves[entry] * (size_t)snake->states + (size_t)n) * LANES;
      const floats gap = splat(gaps ? (float)snake->gaps[entry] : 0);
      const floats time = gaps ? delta + gap * rest : delta;
      const floats u = load(own->u + token);
      const floats dy = load(own->dy + token);
      const floats input = delta * u;
      floats d_input = splat(0);
      floats d_time = splat(0);
      for (int i = 0; i < BLOCK; i++) {
        const floats lambda = dy * splat(c[i]) + carried[k][i];
        to_c[i] += dy * load(after + (k * BLOCK + i) * LANES);
        const floats own_b = lambda * input;
        to_b[i] += own_b;
        store(moved + i * LANES, load(moved + i * LANES) + own_b);
        d_input += lambda * splat(b[i * DIRECTIONS + k]);
        carried[k][i] = lambda * load(decay + ((gaps ? k * BLOCK : 0) + i) * LANES);
        const floats through = carried[k][i] * load(before + (k * BLOCK + i) * LANES);
        d_time += through * a[i];
        d_a[i] += through * time;
        if (step % CLEANING == 0) carried[k][i] = without_denormals(carried[k][i]);
      }
      store(own->d_u + token, load(own->d_u + token) + delta * d_input);
      /* The staged A carries a factor log2 e. */
      d_delta += u * d_input + splat(LN2) * d_time;
      if (gaps) *d_rest += gap * d_time;
    }
    store(own->d_delta + at, d_delta);
    for (int i = 0; i < BLOCK; i++) {
      store(sum_b + i * LANES, to_b[i]);
      store(sum_c + i * LANES, to_c[i]);
    }
  }
}

/* The states of channels `first` on; returns dL/d of softplus(bias). */
INLINE floats all_states(
    const struct staged *own, const struct backward_snake *snake, int first, int count, bool gaps) {
  const int states = snake->states;
  const floats rest = softplus(load_some(snake->delta_bias + first, count));
  floats d_rest = splat(0);
  for (int n = 0; n < states; n += BLOCK) {
    floats a[BLOCK];
    floats d_a[BLOCK];
    for (int i = 0; i < BLOCK; i++) {
      a[i] = splat(0);
      for (int lane = 0; lane < count; lane++) a[i][lane] = snake->a[(ptrdiff_t)(first + lane) * states + n + i] * LOG2E;
    }
    recompute_states(own, snake, a, rest, n, gaps);
    pull_back_states(own, snake, a, d_a, rest, &d_rest, n, gaps);
    for (int i = 0; i < BLOCK; i++) {
      for (int lane = 0; lane < count; lane++) snake->d_a[(ptrdiff_t)(first + lane) * states + n + i] += d_a[i][lane];
    }
  }
  return splat(LN2) * d_rest;
}

/* The rows of delta and u, and the sums for D and the bias of delta, of channels `first` on. */
static void finish(
    const struct staged *own, const struct backward_snake *snake, int first, int count, floats d_rest) {
  const floats bias = load_some(snake->delta_bias + first, count);
  floats d_skip = splat(0);
  floats d_bias = d_rest * sigmoid(bias);
  for (int step = 0; step < snake->length; step++) {
    const size_t at = (size_t)step * LANES;
    const floats raw = load_some(snake->delta + step * snake->delta_stride + first, count) + bias;
    const floats d_raw = load(own->d_delta + at) * sigmoid(raw);
    store_some(snake->d_delta + step * snake->d_delta_stride + first, d_raw, count);
    store_some(snake->d_u + step * snake->d_u_stride + first, load(own->d_u + at), count);
    d_bias += d_raw;
    d_skip += load(own->u + at) * load(own->dy + at);
  }
  store_some(snake->d_d + first, load_some(snake->d_d + first, count) + splat(DIRECTIONS) * d_skip, count);
  store_some(snake->d_delta_bias + first, load_some(snake->d_delta_bias + first, count) + d_bias, count);
}

void snake_backward(const struct backward_snake *snake) {
  const struct staged own = lay_out(snake);
  const int states = snake->states;
  add_directions(&own, snake);
  const size_t pairs = (size_t)snake->length * (size_t)states;
  memset(own.sum_b, 0, sizeof(float) * (2 * pairs + MOVES * (size_t)states) * LANES);
  for (int first = 0; first < snake->channels; first += LANES) {
    const int left = snake->channels - first;
    const int count = left < LANES ? left : LANES;
    prepare(&own, snake, first, count);
    const floats d_rest = snake->gaps == NULL ? all_states(&own, snake, first, count, false)
                                              : all_states(&own, snake, first, count, true);
    finish(&own, snake, first, count, d_rest);
  }
  for (int step = 0; step < snake->length; step++) {
    for (int n = 0; n < states; n++) {
      const size_t at = ((size_t)step * (size_t)states + (size_t)n) * LANES;
      snake->d_b[step * snake->d_b_stride + n] = sum_of_lanes(load(own.sum_b + at));
      snake->d_c[step * snake->d_c_stride + n] = sum_of_lanes(load(own.sum_c + at));
    }
  }
  for (int i = 0; i < MOVES * states; i++) {
    snake->d_direction_b[i] += sum_of_lanes(load(own.sum_moves + (ptrdiff_t)i * LANES));
  }
}
