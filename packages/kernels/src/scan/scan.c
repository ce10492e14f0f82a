/*
 * Three steps per chunk of tokens, as in scan.asm.ts: prepare (time = delta + gap * rest, input = delta * u, and D u),
 * recur (exp, recurrence, C . h: four fifths of the work) and finish (sum over directions, gate).
 *
 * A vector holds as many channels as the processor has lanes. The states of one vector of channels stay in
 * registers while a chunk's tokens pass, four at a time: every state size is a multiple of four, and on a Zen 4
 * core eight or sixteen at a time were no faster. There the loop runs at the rate of the multipliers.
 */
#include "scan.h"

#include "../common/functions.h"

/* Tokens per chunk: A and h are fetched from the second-level cache once for so many tokens. */
#define CHUNK 16
/* Channels that are worked on at once, and (channel, state) pairs: whole rows for every model there is. */
#define TILE 1536
#define TILE_STATES (TILE * 16)
/* States that pass through a chunk at once. */
#define BLOCK 4
/*
 * Whether chunks whose exponents stay in range get a loop of their own, in which range reduction is two fused
 * multiply-adds instead of a product, a clamp and three additions. On a Zen 4 core, ms per layer and direction of
 * Vim-S: with 8 lanes 0.63 against 0.73; with 16 lanes 0.52 against 0.49, multipliers being the limit there.
 */
#define LOOP_WITHIN (LANES < 16)
/* 2^-100: states below are set to zero between chunks, so that a fading one never stays among the denormals. */
#define NEGLIGIBLE 7.888609052210118e-31f

struct workspace {
  /* A * log2 e and the hidden state, [vectors, N, LANES] */
  float a[TILE_STATES];
  float h[TILE_STATES];
  /* Of one tile, zeros beyond its last channel; rest = softplus(bias) is the delta of a pruned token. */
  float d[TILE];
  float bias[TILE];
  float rest[TILE];
  /* Of one chunk, [CHUNK, padded]: what decays the state, what enters it, what leaves it. */
  float time[CHUNK * TILE];
  float input[CHUNK * TILE];
  float output[CHUNK * TILE];
};

const size_t scan_workspace_bytes = sizeof(struct workspace);

/* Channels first ... first + width - 1 of every row; `padded` is the width in whole vectors. */
struct tile {
  int first;
  int width;
  int padded;
};

/* The largest |A| * log2 e is returned. */
static float load_tile(struct workspace *own, const struct scan *scan, const struct tile *tile) {
  const int states = scan->states;
  const size_t pairs = (size_t)(tile->padded * states);
  if (tile->width < tile->padded) memset(own->a, 0, pairs * sizeof(float));
  memset(own->h, 0, pairs * sizeof(float));
  memset(own->d + tile->padded - LANES, 0, sizeof(floats));
  memset(own->bias + tile->padded - LANES, 0, sizeof(floats));
  memcpy(own->d, scan->d + tile->first, sizeof(float) * (size_t)tile->width);
  memcpy(own->bias, scan->delta_bias + tile->first, sizeof(float) * (size_t)tile->width);
  for (int at = 0; at < tile->padded; at += LANES) store(own->rest + at, softplus(load(own->bias + at)));
  for (int channel = 0; channel < tile->width; channel++) {
    const float *from = scan->a + (ptrdiff_t)(tile->first + channel) * states;
    float *to = own->a + channel / LANES * LANES * states + channel % LANES;
    for (int n = 0; n < states; n++) to[n * LANES] = from[n];
  }
  floats steepest = splat(0);
  for (size_t at = 0; at < pairs; at += LANES) {
    const floats a = load(own->a + at) * splat(LOG2E);
    store(own->a + at, a);
    steepest = larger(absolute(a), steepest);
  }
  return largest_lane(steepest);
}

/* One vector of channels of one token; the largest time so far is returned. */
INLINE floats prepare_vector(
    struct workspace *own, int row, int at, int count, const float *delta, const float *u, float gap, floats longest) {
  const floats step = softplus(load_some(delta + at, count) + load(own->bias + at));
  const floats time = splat(gap) * load(own->rest + at) + step;
  const floats input = load_some(u + at, count);
  store(own->time + row + at, time);
  store(own->input + row + at, step * input);
  store(own->output + row + at, load(own->d + at) * input);
  return larger(time, longest);
}

/* Fills time, input and, with D u, output. Returns the largest time. */
static float prepare(struct workspace *own, const struct scan *scan, const struct tile *tile, int first, int steps) {
  floats longest = splat(0);
  for (int step = 0; step < steps; step++) {
    const ptrdiff_t token = first + step;
    const float *delta = scan->delta + token * scan->delta_stride + tile->first;
    const float *u = scan->u + token * scan->u_stride + tile->first;
    float gap = 0;
    if (scan->positions != NULL && token > 0) {
      const ptrdiff_t direction = scan->backward ? -1 : 1;
      const int32_t *here = scan->positions + token * direction;
      gap = (float)(((int64_t)here[0] - here[-direction]) * direction - 1);
    }
    const int row = step * tile->padded;
    int at = 0;
    for (; at + LANES <= tile->width; at += LANES) {
      longest = prepare_vector(own, row, at, LANES, delta, u, gap, longest);
    }
    if (at < tile->width) longest = prepare_vector(own, row, at, tile->width - at, delta, u, gap, longest);
  }
  return largest_lane(longest);
}

/* Four states of one vector of channels, from n on, through all steps of a chunk: h = exp(time A) h + input B. */
INLINE void recur_block(
    struct workspace *own, const struct scan *scan, const struct tile *tile, int first, int steps, int at, int n,
    bool within) {
  const float *a = own->a + at * scan->states + n * LANES;
  float *states = own->h + at * scan->states + n * LANES;
  const float *b = scan->b + first * scan->b_stride + n;
  const float *c = scan->c + first * scan->c_stride + n;
  floats h[BLOCK];
  for (int i = 0; i < BLOCK; i++) h[i] = load(states + i * LANES);
  for (int step = 0; step < steps; step++) {
    const int row = step * tile->padded + at;
    const floats time = load(own->time + row);
    const floats input = load(own->input + row);
    floats output = load(own->output + row);
    for (int i = 0; i < BLOCK; i++) {
      const floats slope = load(a + i * LANES);
      floats decay;
      if (within) {
        const floats rounded = time * slope + splat(ROUND);
        decay = power_of_two(rounded, time * slope + (splat(ROUND) - rounded));
      } else {
        decay = exp2_within(larger(time * slope, splat(LOWEST)));
      }
      h[i] = decay * h[i] + input * splat(b[i]);
      output += h[i] * splat(c[i]);
    }
    store(own->output + row, output);
    b += scan->b_stride;
    c += scan->c_stride;
  }
  for (int i = 0; i < BLOCK; i++) {
    store(states + i * LANES, choose(absolute(h[i]) > splat(NEGLIGIBLE), h[i], splat(0)));
  }
}

/* `within`: |time * A| * log2 e < 125 throughout, so that no power of two needs to be kept in range. */
INLINE void recur(
    struct workspace *own, const struct scan *scan, const struct tile *tile, int first, int steps, bool within) {
  for (int at = 0; at < tile->padded; at += LANES) {
    for (int n = 0; n < scan->states; n += BLOCK) recur_block(own, scan, tile, first, steps, at, n, within);
  }
}

/* One vector of channels of one token; `z` and `alone_to` may be NULL. */
INLINE void finish_vector(
    const struct workspace *own, const struct scan *scan, int row, int at, int count, float *y, const float *z,
    float *alone_to) {
  const floats alone = load(own->output + row + at);
  floats out = alone;
  if (scan->accumulate) out += load_some(y + at, count);
  floats left = alone;
  if (z != NULL) {
    const floats gate = silu(load_some(z + at, count));
    out = out * gate * splat(scan->scale);
    if (scan->own_gated) left = alone * gate;
  }
  store_some(y + at, out, count);
  if (alone_to != NULL) store_some(alone_to + at, left, count);
}

/* Output, the sum over directions and the gate of one chunk; writes y and own. */
static void finish(const struct workspace *own, const struct scan *scan, const struct tile *tile, int first, int steps) {
  for (int step = 0; step < steps; step++) {
    const ptrdiff_t token = first + step;
    float *y = scan->y + token * scan->y_stride + tile->first;
    const float *z = scan->z == NULL ? NULL : scan->z + token * scan->z_stride + tile->first;
    float *alone_to = scan->own == NULL ? NULL : scan->own + token * scan->own_stride + tile->first;
    const int row = step * tile->padded;
    int at = 0;
    for (; at + LANES <= tile->width; at += LANES) finish_vector(own, scan, row, at, LANES, y, z, alone_to);
    if (at < tile->width) finish_vector(own, scan, row, at, tile->width - at, y, z, alone_to);
  }
}

/* The same scan with row 0 its first step: a backward one begins at the last row and has negative strides. */
static struct scan in_scan_order(struct scan scan) {
  if (!scan.backward) return scan;
  const ptrdiff_t last = scan.length - 1;
  scan.delta += last * scan.delta_stride;
  scan.b += last * scan.b_stride;
  scan.c += last * scan.c_stride;
  scan.u += last * scan.u_stride;
  scan.y += last * scan.y_stride;
  if (scan.z != NULL) scan.z += last * scan.z_stride;
  if (scan.positions != NULL) scan.positions += last;
  if (scan.own != NULL) scan.own += last * scan.own_stride;
  scan.delta_stride = -scan.delta_stride;
  scan.b_stride = -scan.b_stride;
  scan.c_stride = -scan.c_stride;
  scan.u_stride = -scan.u_stride;
  scan.y_stride = -scan.y_stride;
  scan.z_stride = -scan.z_stride;
  scan.own_stride = -scan.own_stride;
  return scan;
}

void selective_scan(const struct scan *call, void *workspace) {
  struct workspace *own = workspace;
  const struct scan scan = in_scan_order(*call);
  const int widest = (TILE_STATES / scan.states < TILE ? TILE_STATES / scan.states : TILE) / LANES * LANES;
  struct tile tile;
  for (tile.first = 0; tile.first < scan.channels; tile.first += tile.width) {
    const int left = scan.channels - tile.first;
    tile.width = left < widest ? left : widest;
    tile.padded = WHOLE_VECTORS(tile.width);
    const float steepest = load_tile(own, &scan, &tile);
    for (int first = 0; first < scan.length; first += CHUNK) {
      const int steps = scan.length - first < CHUNK ? scan.length - first : CHUNK;
      const float longest = prepare(own, &scan, &tile, first, steps);
      if (LOOP_WITHIN && longest * steepest < -LOWEST) recur(own, &scan, &tile, first, steps, true);
      else recur(own, &scan, &tile, first, steps, false);
      finish(own, &scan, &tile, first, steps);
    }
  }
}
