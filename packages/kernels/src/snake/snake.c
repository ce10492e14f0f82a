/*
 * Per tile of channels: y = 4 D u; then, chunk of steps by chunk, delta and B with the moves' vectors, and the four
 * recurrences, each of which adds to y in the row of the token that it visits; last of all the gate.
 *
 * exp(delta A) of a step is computed once and used by all four directions. Their states stay in the first-level
 * cache while a chunk passes: with the powers' constants they are too many for the registers.
 */
#include "snake.h"

#include <stdbool.h>

#include "../common/functions.h"

#define DIRECTIONS 4
/* Steps per chunk. */
#define CHUNK 16
/* Channels that are worked on at once, and (channel, state) pairs. */
#define TILE 256
#define TILE_STATES (TILE * 16)
#define MAX_STATES 256
/* Gaps up to this have their decay in a table; that of a longer one is computed when it comes. */
#define MAX_TABLED_GAP 11
/* 2^-100: states below are set to zero between chunks, so that a fading one never stays among the denormals. */
#define NEGLIGIBLE 7.888609052210118e-31f

/* Not inlined: in one function, the kinds of loop take registers from one another. */
#define APART __attribute__((noinline))

struct workspace {
  /* A * log2 e, [vectors, N, LANES]; the hidden states, [vectors, N, 4, LANES] */
  float a[TILE_STATES];
  float h[DIRECTIONS * TILE_STATES];
  /* exp(gap * rest * A) for gaps from 0, where it is 1, [vectors, gaps, N, LANES] */
  float gaps[(MAX_TABLED_GAP + 1) * TILE_STATES];
  /* The same of one vector, for a gap of each direction beyond the table. */
  float long_gaps[DIRECTIONS][MAX_STATES * LANES];
  /* Of one tile, zeros beyond its last channel; rest = softplus(bias) is the delta of a pruned token. */
  float d[TILE];
  float bias[TILE];
  float rest[TILE];
  /* Of one chunk: delta, [vectors, CHUNK, LANES]; B by state and direction. */
  float time[CHUNK * TILE];
  float b[CHUNK][MAX_STATES * DIRECTIONS];
};

const size_t snake_workspace_bytes = sizeof(struct workspace);

/* Channels first ... first + width - 1 of every row; `padded` is the width in whole vectors. */
struct tile {
  int first;
  int width;
  int padded;
};

static int largest(const int32_t *values, int count) {
  int most = 0;
  for (int i = 0; i < count; i++) most = values[i] > most ? values[i] : most;
  return most;
}

/* Lanes of the vector at channel `at` of the tile that hold a channel. */
INLINE int lanes_of(const struct tile *tile, int at) { return tile->width - at < LANES ? tile->width - at : LANES; }

/* exp(gap * rest * A) of all states of one vector. */
static APART void fill_gap_decays(const struct workspace *own, int gap, int at, int states, float *to) {
  const floats time = splat((float)gap) * load(own->rest + at);
  const float *a = own->a + at * states;
  for (int n = 0; n < states; n++) {
    store(to + n * LANES, exp2_within(larger(time * load(a + n * LANES), splat(LOWEST))));
  }
}

/* The decays of a gap in direction k: in the table, or computed for this once. */
INLINE const float *find_gap_decays(struct workspace *own, int gap, int k, int at, int states) {
  if (gap <= MAX_TABLED_GAP) return own->gaps + (at * (MAX_TABLED_GAP + 1) + gap * LANES) * states;
  fill_gap_decays(own, gap, at, states, own->long_gaps[k]);
  return own->long_gaps[k];
}

/* The largest |A| * log2 e is returned. */
static float load_tile(
    struct workspace *own, const struct snake *snake, const struct tile *tile, int longest_gap) {
  const int states = snake->states;
  const size_t pairs = (size_t)(tile->padded * states);
  if (tile->width < tile->padded) memset(own->a, 0, pairs * sizeof(float));
  memset(own->h, 0, DIRECTIONS * pairs * sizeof(float));
  memset(own->d + tile->padded - LANES, 0, sizeof(floats));
  memset(own->bias + tile->padded - LANES, 0, sizeof(floats));
  memcpy(own->d, snake->d + tile->first, sizeof(float) * (size_t)tile->width);
  memcpy(own->bias, snake->delta_bias + tile->first, sizeof(float) * (size_t)tile->width);
  float steepest = 0;
  for (int channel = 0; channel < tile->width; channel++) {
    const float *from = snake->a + (ptrdiff_t)(tile->first + channel) * states;
    float *to = own->a + channel / LANES * LANES * states + channel % LANES;
    for (int n = 0; n < states; n++) {
      const float a = from[n] * LOG2E;
      to[n * LANES] = a;
      const float slope = a < 0 ? -a : a;
      steepest = slope > steepest ? slope : steepest;
    }
  }
  const int tabled = longest_gap < MAX_TABLED_GAP ? longest_gap : MAX_TABLED_GAP;
  for (int at = 0; at < tile->padded; at += LANES) {
    store(own->rest + at, softplus(load(own->bias + at)));
    float *to = own->gaps + at * (MAX_TABLED_GAP + 1) * states;
    for (int gap = 0; longest_gap > 0 && gap <= tabled; gap++) {
      fill_gap_decays(own, gap, at, states, to + gap * states * LANES);
    }
  }
  return steepest;
}

/* y = 4 D u */
static void skip(const struct workspace *own, const struct snake *snake, const struct tile *tile) {
  for (ptrdiff_t token = 0; token < snake->length; token++) {
    const float *u = snake->u + token * snake->u_stride + tile->first;
    float *y = snake->y + token * snake->y_stride + tile->first;
    for (int at = 0; at < tile->padded; at += LANES) {
      const int count = lanes_of(tile, at);
      store_some(y + at, splat(4) * load(own->d + at) * load_some(u + at, count), count);
    }
  }
}

/* Fills time. Returns the largest. */
static float prepare(struct workspace *own, const struct snake *snake, const struct tile *tile, int first, int steps) {
  floats longest = splat(0);
  for (int step = 0; step < steps; step++) {
    const float *delta = snake->delta + (first + step) * snake->delta_stride + tile->first;
    for (int at = 0; at < tile->padded; at += LANES) {
      const floats time = softplus(load_some(delta + at, lanes_of(tile, at)) + load(own->bias + at));
      store(own->time + at * CHUNK + step * LANES, time);
      longest = larger(time, longest);
    }
  }
  return largest_lane(longest);
}

/* Fills b: B of each step plus the vector of each direction's move. */
static void add_directions(struct workspace *own, const struct snake *snake, int first, int steps) {
  for (int step = 0; step < steps; step++) {
    const float *b = snake->b + (first + step) * snake->b_stride;
    for (int direction = 0; direction < DIRECTIONS; direction++) {
      const int move = snake->moves[direction * snake->length + first + step];
      const float *added = snake->direction_b + move * snake->states;
      for (int n = 0; n < snake->states; n++) own->b[step][n * DIRECTIONS + direction] = b[n] + added[n];
    }
  }
}

/* One vector of channels through a chunk. `across_gaps`: some step has a gap; the others then have a decay of 1. */
INLINE void recur_vector(
    struct workspace *own, const struct snake *snake, const struct tile *tile, int first, int steps, int at, int count,
    bool across_gaps, bool within) {
  const int states = snake->states;
  float *h = own->h + DIRECTIONS * at * states;
  for (int step = 0; step < steps; step++) {
    const floats time = load(own->time + at * CHUNK + step * LANES);
    const float *a = own->a + at * states;
    const float *b = own->b[step];
    const float *c = snake->c + (first + step) * snake->c_stride;
    const float *gap_decays[DIRECTIONS];
    float *y[DIRECTIONS];
    floats inputs[DIRECTIONS];
    floats sums[DIRECTIONS];
    for (int k = 0; k < DIRECTIONS; k++) {
      const ptrdiff_t entry = (ptrdiff_t)k * snake->length + first + step;
      const ptrdiff_t token = snake->orders[entry];
      if (across_gaps) gap_decays[k] = find_gap_decays(own, snake->gaps[entry], k, at, states);
      inputs[k] = time * load_some(snake->u + token * snake->u_stride + tile->first + at, count);
      y[k] = snake->y + token * snake->y_stride + tile->first + at;
      sums[k] = splat(0);
    }
    for (int n = 0; n < states; n++) {
      const floats slope = load(a + n * LANES);
      floats shared;
      if (within) {
        const floats rounded = time * slope + splat(ROUND);
        shared = power_of_two(rounded, time * slope + (splat(ROUND) - rounded));
      } else {
        shared = exp2_within(larger(time * slope, splat(LOWEST)));
      }
      for (int k = 0; k < DIRECTIONS; k++) {
        float *state = h + (n * DIRECTIONS + k) * LANES;
        const floats decay = across_gaps ? shared * load(gap_decays[k] + n * LANES) : shared;
        const floats next = decay * load(state) + inputs[k] * splat(b[n * DIRECTIONS + k]);
        sums[k] += next * splat(c[n]);
        store(state, next);
      }
    }
    /* One after the other: two directions may visit the same token. */
    for (int k = 0; k < DIRECTIONS; k++) store_some(y[k], load_some(y[k], count) + sums[k], count);
  }
  for (int i = 0; i < DIRECTIONS * states; i++) {
    const floats value = load(h + i * LANES);
    store(h + i * LANES, choose(absolute(value) > splat(NEGLIGIBLE), value, splat(0)));
  }
}

INLINE void recur(
    struct workspace *own, const struct snake *snake, const struct tile *tile, int first, int steps, bool across_gaps,
    bool within) {
  int at = 0;
  for (; at + LANES <= tile->width; at += LANES) {
    recur_vector(own, snake, tile, first, steps, at, LANES, across_gaps, within);
  }
  if (at < tile->width) {
    recur_vector(own, snake, tile, first, steps, at, tile->width - at, across_gaps, within);
  }
}

/* |delta * A| * log2 e < 125 throughout, so that no power of two needs to be kept in range. */
static APART void recur_within(
    struct workspace *own, const struct snake *snake, const struct tile *tile, int first, int steps) {
  recur(own, snake, tile, first, steps, false, true);
}

static APART void recur_clamped(
    struct workspace *own, const struct snake *snake, const struct tile *tile, int first, int steps) {
  recur(own, snake, tile, first, steps, false, false);
}

static APART void recur_across_gaps(
    struct workspace *own, const struct snake *snake, const struct tile *tile, int first, int steps) {
  recur(own, snake, tile, first, steps, true, false);
}

/* Whether a step of the chunk has a gap in any direction. */
static bool has_gaps(const struct snake *snake, int first, int steps) {
  if (snake->gaps == NULL) return false;
  for (int k = 0; k < DIRECTIONS; k++) {
    if (largest(snake->gaps + (ptrdiff_t)k * snake->length + first, steps) > 0) return true;
  }
  return false;
}

/* The sum as it is, where it is wanted, and the gate. */
static void finish(const struct snake *snake, const struct tile *tile) {
  for (ptrdiff_t token = 0; token < snake->length; token++) {
    float *y = snake->y + token * snake->y_stride + tile->first;
    const float *z = snake->z == NULL ? NULL : snake->z + token * snake->z_stride + tile->first;
    if (snake->sum != NULL) {
      memcpy(snake->sum + token * snake->sum_stride + tile->first, y, sizeof(float) * (size_t)tile->width);
    }
    if (z == NULL) continue;
    for (int at = 0; at < tile->padded; at += LANES) {
      const int count = lanes_of(tile, at);
      store_some(y + at, load_some(y + at, count) * silu(load_some(z + at, count)), count);
    }
  }
}

void snake_scan(const struct snake *snake, void *workspace) {
  struct workspace *own = workspace;
  const int longest_gap = snake->gaps == NULL ? 0 : largest(snake->gaps, DIRECTIONS * snake->length);
  const int widest = (TILE_STATES / snake->states < TILE ? TILE_STATES / snake->states : TILE) / LANES * LANES;
  struct tile tile;
  for (tile.first = 0; tile.first < snake->channels; tile.first += tile.width) {
    const int left = snake->channels - tile.first;
    tile.width = left < widest ? left : widest;
    tile.padded = WHOLE_VECTORS(tile.width);
    const float steepest = load_tile(own, snake, &tile, longest_gap);
    skip(own, snake, &tile);
    for (int first = 0; first < snake->length; first += CHUNK) {
      const int steps = snake->length - first < CHUNK ? snake->length - first : CHUNK;
      const float longest = prepare(own, snake, &tile, first, steps);
      add_directions(own, snake, first, steps);
      if (has_gaps(snake, first, steps)) recur_across_gaps(own, snake, &tile, first, steps);
      else if (longest * steepest < -LOWEST) recur_within(own, snake, &tile, first, steps);
      else recur_clamped(own, snake, &tile, first, steps);
    }
    if (snake->z != NULL || snake->sum != NULL) finish(snake, &tile);
  }
}
