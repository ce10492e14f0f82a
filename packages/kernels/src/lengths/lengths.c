#include "lengths.h"

#include <math.h>

#include "../common/lanes.h"

typedef double doubles __attribute__((vector_size(8 * LANES)));

void row_lengths(const struct lengths *own) {
  for (int token = 0; token < own->length; token++) {
    const float *x = own->x + token * own->stride;
    doubles sums = {0};
    int at = 0;
    for (; at + LANES <= own->channels; at += LANES) {
      const doubles values = __builtin_convertvector(load(x + at), doubles);
      sums += values * values;
    }
    if (at < own->channels) {
      const doubles values = __builtin_convertvector(load_some(x + at, own->channels - at), doubles);
      sums += values * values;
    }
    double sum = 0;
    for (int lane = 0; lane < LANES; lane++) sum += sums[lane];
    own->to[token] = sqrt(sum);
  }
}
