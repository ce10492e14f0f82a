#include "conv.h"

#include "../common/functions.h"

#define MAX_TAPS 8
/* Channels that are worked on at once: whole rows for every model there is. */
#define TILE 1536

struct workspace {
  /* By distance, zeros beyond the tile's last channel. */
  float taps[MAX_TAPS][TILE];
  float bias[TILE];
};

const size_t conv_workspace_bytes = sizeof(struct workspace);

static void load_taps(struct workspace *own, const struct conv *conv, int first, int width) {
  const int taps = conv->taps;
  const int last_vector = WHOLE_VECTORS(width) - LANES;
  memset(own->bias + last_vector, 0, sizeof(floats));
  memcpy(own->bias, conv->bias + first, sizeof(float) * (size_t)width);
  for (int distance = 0; distance < taps; distance++) {
    memset(own->taps[distance] + last_vector, 0, sizeof(floats));
    const float *from = conv->weight + (ptrdiff_t)first * taps + (taps - 1 - distance);
    for (int channel = 0; channel < width; channel++) own->taps[distance][channel] = from[channel * taps];
  }
}

/* A row that a token's taps read, and the weights it is read with. */
struct source {
  const float *x;
  const float *tap;
};

/* The rows that exist, nearest first. Returns how many there are: at least the token's own. */
static int find_sources(
    const struct workspace *own, const struct conv *conv, int token, int first, struct source *sources) {
  int count = 0;
  for (int back = 0; back < conv->taps; back++) {
    const int from = conv->backward ? token + back : token - back;
    if (from < 0 || from >= conv->length) break;
    int64_t distance = back;
    if (conv->positions != NULL) {
      distance = (int64_t)conv->positions[from] - conv->positions[token];
      distance = distance < 0 ? -distance : distance;
    }
    if (distance >= conv->taps) break;
    sources[count].x = conv->x + from * conv->x_stride + first;
    sources[count].tap = own->taps[distance];
    count++;
  }
  return count;
}

INLINE void convolve_vector(
    const struct workspace *own, const struct source *sources, int source_count, int at, int count, float *u) {
  floats sum = load(own->bias + at);
  for (int i = 0; i < source_count; i++) sum += load(sources[i].tap + at) * load_some(sources[i].x + at, count);
  store_some(u + at, silu(sum), count);
}

INLINE void convolve(const struct workspace *own, const struct source *sources, int count, int width, float *u) {
  int at = 0;
  for (; at + LANES <= width; at += LANES) convolve_vector(own, sources, count, at, LANES, u);
  if (at < width) convolve_vector(own, sources, count, at, width - at, u);
}

void conv_silu(const struct conv *conv, void *workspace) {
  struct workspace *own = workspace;
  for (int first = 0; first < conv->channels; first += TILE) {
    const int left = conv->channels - first;
    const int width = left < TILE ? left : TILE;
    load_taps(own, conv, first, width);
    for (int token = 0; token < conv->length; token++) {
      struct source sources[MAX_TAPS];
      const int count = find_sources(own, conv, token, first, sources);
      float *u = conv->u + token * conv->u_stride + first;
      /* The usual count as a constant, so that the compiler unrolls it. */
      if (count == 4) convolve(own, sources, 4, width, u);
      else convolve(own, sources, count, width, u);
    }
  }
}
