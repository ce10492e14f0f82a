#include "contribution.h"

#include "../common/functions.h"

INLINE floats activated(const float *delta, const float *bias, int count) {
  return softplus(load_some(delta, count) + load_some(bias, count));
}

void weigh_readers(const struct reader_weights *own) {
  for (int token = 0; token < own->length; token++) {
    const float *delta = own->delta + token * own->delta_stride;
    const float *z = own->z + token * own->z_stride;
    float *to = own->to + token * own->to_stride;
    for (int at = 0; at < own->channels; at += LANES) {
      const int left = own->channels - at;
      const int count = left < LANES ? left : LANES;
      store_some(to + at, silu(load_some(z + at, count)) / activated(delta + at, own->delta_bias + at, count), count);
    }
  }
}

INLINE void contribute(const float *delta, const float *bias, const float *u, const float *read, float *to, int count) {
  const floats entered = activated(delta, bias, count) * load_some(u, count);
  store_some(to, load_some(to, count) + entered * load_some(read, count), count);
}

void add_contributions(const struct contributions *own) {
  for (int token = 0; token < own->length; token++) {
    const float *delta = own->delta + token * own->delta_stride;
    const float *u = own->u + token * own->u_stride;
    const float *read = own->read + token * own->read_stride;
    float *to = own->to + token * own->to_stride;
    int at = 0;
    /* Whole vectors apart, so that their loads are single instructions. */
    for (; at + LANES <= own->channels; at += LANES)
      contribute(delta + at, own->delta_bias + at, u + at, read + at, to + at, LANES);
    if (at < own->channels)
      contribute(delta + at, own->delta_bias + at, u + at, read + at, to + at, own->channels - at);
  }
}
