/*
 * One vector of channels at a time, token by token: the sum before SiLU again, its gradient, then what each tap that
 * found a token gives and gets. Taps and their gradients are kept by distance.
 */
#include "backward-conv.h"

#include <stdlib.h>

#include "backward-functions.h"

#define MAX_TAPS 8

/* Which row the tap at each distance reads; -1: none. */
static void find_tokens(const struct backward_conv *conv, int token, int *found) {
  for (int distance = 0; distance < conv->taps; distance++) found[distance] = -1;
  for (int back = 0; back < conv->taps; back++) {
    const int source = conv->backward ? token + back : token - back;
    if (source < 0 || source >= conv->length) break;
    const int distance = conv->positions == NULL ? back : abs(conv->positions[source] - conv->positions[token]);
    if (distance >= conv->taps) break;
    found[distance] = source;
  }
}

static void channels_from(const struct backward_conv *conv, int first, int count) {
  const int taps = conv->taps;
  const floats bias = load_some(conv->bias + first, count);
  floats weight[MAX_TAPS];
  floats d_weight[MAX_TAPS];
  for (int distance = 0; distance < taps; distance++) {
    weight[distance] = d_weight[distance] = splat(0);
    for (int lane = 0; lane < count; lane++) {
      weight[distance][lane] = conv->weight[(ptrdiff_t)(first + lane) * taps + taps - 1 - distance];
    }
  }
  for (ptrdiff_t token = 0; !conv->accumulate && token < conv->length; token++) {
    store_some(conv->dx + token * conv->dx_stride + first, splat(0), count);
  }
  floats d_bias = splat(0);
  for (int token = 0; token < conv->length; token++) {
    int found[MAX_TAPS];
    find_tokens(conv, token, found);
    floats x[MAX_TAPS];
    floats sum = bias;
    for (int distance = 0; distance < taps; distance++) {
      if (found[distance] < 0) continue;
      x[distance] = load_some(conv->x + found[distance] * conv->x_stride + first, count);
      sum += weight[distance] * x[distance];
    }
    const floats ds = load_some(conv->du + token * conv->du_stride + first, count) * silu_slope(sum);
    d_bias += ds;
    for (int distance = 0; distance < taps; distance++) {
      if (found[distance] < 0) continue;
      float *to = conv->dx + found[distance] * conv->dx_stride + first;
      store_some(to, load_some(to, count) + weight[distance] * ds, count);
      d_weight[distance] += x[distance] * ds;
    }
  }
  store_some(conv->d_bias + first, load_some(conv->d_bias + first, count) + d_bias, count);
  for (int distance = 0; distance < taps; distance++) {
    for (int lane = 0; lane < count; lane++) {
      conv->d_weight[(ptrdiff_t)(first + lane) * taps + taps - 1 - distance] += d_weight[distance][lane];
    }
  }
}

void conv_backward(const struct backward_conv *conv) {
  for (int first = 0; first < conv->channels; first += LANES) {
    const int left = conv->channels - first;
    channels_from(conv, first, left < LANES ? left : LANES);
  }
}
