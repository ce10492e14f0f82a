#include "reductions.h"

#include <math.h>

#include "../common/lanes.h"

typedef double doubles __attribute__((vector_size(8 * LANES)));

/* What a channel adds to its row's sum. Of `clip` twice max(0, x), which is x + |x| and stays NaN where x is. */
INLINE doubles parts_of(enum row_reduction kind, floats x) {
  const floats magnitude = (floats)((integers)x & 0x7fffffff);
  const doubles values = __builtin_convertvector(x, doubles);
  switch (kind) {
    case CLIP: return __builtin_convertvector(x + magnitude, doubles);
    case SUM: return values;
    case L1: return __builtin_convertvector(magnitude, doubles);
    default: return values * values;
  }
}

INLINE double score_of(enum row_reduction kind, double sum) {
  if (kind == CLIP) return sum / 2;
  return kind == L2 ? sqrt(sum) : sum;
}

INLINE void rows(const struct reduction *own, enum row_reduction kind) {
  for (int token = 0; token < own->length; token++) {
    const float *x = own->x + token * own->stride;
    doubles sums = {0};
    int at = 0;
    for (; at + LANES <= own->channels; at += LANES) sums += parts_of(kind, load(x + at));
    if (at < own->channels) sums += parts_of(kind, load_some(x + at, own->channels - at));
    double sum = 0;
    for (int lane = 0; lane < LANES; lane++) sum += sums[lane];
    own->to[token] = score_of(kind, sum);
  }
}

/* Of a known kind each, so that no loop asks. */
void reduce_rows(const struct reduction *own) {
  switch (own->kind) {
    case CLIP: rows(own, CLIP); break;
    case SUM: rows(own, SUM); break;
    case L1: rows(own, L1); break;
    default: rows(own, L2);
  }
}
