/*
 * A head of a query first lists the cells that its points lie between, each with its share, those outside left out; then it
 * adds their values up, a vector or two of channels at a time.
 */
#include "deformable.h"

#include "../common/functions.h"

#define MAX_SAMPLES 64
/* Shares of the softmax, padded to whole vectors. */
#define ROOM WHOLE_VECTORS(MAX_SAMPLES)

/* Values that take part in a head's sum. */
struct corners {
  int count;
  const float *from[4 * MAX_SAMPLES];
  float share[4 * MAX_SAMPLES];
};

static void softmax(const float *scores, int count, float *shares) {
  float largest = scores[0];
  for (int i = 1; i < count; i++) largest = scores[i] > largest ? scores[i] : largest;
  float sum = 0;
  for (int at = 0; at < count; at += LANES) {
    const int lanes = count - at < LANES ? count - at : LANES;
    const floats exponent = (load_some(scores + at, lanes) - splat(largest)) * splat(LOG2E);
    store(shares + at, exp2_within(larger(exponent, splat(LOWEST))));
    for (int lane = 0; lane < lanes; lane++) sum += shares[at + lane];
  }
  const float scale = 1 / sum;
  for (int i = 0; i < count; i++) shares[i] *= scale;
}

INLINE void add_corner(struct corners *corners, const float *from, float share) {
  corners->from[corners->count] = from;
  corners->share[corners->count++] = share;
}

/* The cells around x, y of one level, whose values begin at `values`. */
INLINE void add_point(
    struct corners *corners, const float *values, ptrdiff_t stride, int height, int width, float x, float y,
    float share) {
  /* Also false where one of them is no number. */
  if (!(x > -1 && x < (float)width && y > -1 && y < (float)height)) return;
  /* Both are at least 0, so that cutting off the fraction is rounding down. */
  const int left = (int)(x + 1) - 1;
  const int top = (int)(y + 1) - 1;
  const float right_share = x - (float)left;
  const float bottom_share = y - (float)top;
  const float *from = values + ((ptrdiff_t)top * width + left) * stride;
  if (top >= 0) {
    if (left >= 0) add_corner(corners, from, share * (1 - bottom_share) * (1 - right_share));
    if (left + 1 < width) add_corner(corners, from + stride, share * (1 - bottom_share) * right_share);
  }
  from += width * stride;
  if (top + 1 < height) {
    if (left >= 0) add_corner(corners, from, share * bottom_share * (1 - right_share));
    if (left + 1 < width) add_corner(corners, from + stride, share * bottom_share * right_share);
  }
}

/* `width` channels of the sum of all corners: whole vectors two by two, then one, then a part of one. */
static void sum_corners(const struct corners *corners, int width, float *to) {
  int at = 0;
  for (; at + 2 * LANES <= width; at += 2 * LANES) {
    floats left = {0};
    floats right = {0};
    for (int i = 0; i < corners->count; i++) {
      const floats share = splat(corners->share[i]);
      left += share * load(corners->from[i] + at);
      right += share * load(corners->from[i] + at + LANES);
    }
    store(to + at, left);
    store(to + at + LANES, right);
  }
  for (; at < width; at += LANES) {
    const int lanes = width - at < LANES ? width - at : LANES;
    floats sum = {0};
    for (int i = 0; i < corners->count; i++) {
      sum += splat(corners->share[i]) * load_some(corners->from[i] + at, lanes);
    }
    store_some(to + at, sum, lanes);
  }
}

void deformable(const struct deformable *own) {
  const int samples = own->levels * own->points;
  const int width = own->channels / own->heads;
  struct corners corners;
  float shares[ROOM];
  for (int query = 0; query < own->queries; query++) {
    const float *reference = own->references + query * own->references_stride;
    for (int head = 0; head < own->heads; head++) {
      softmax(own->scores + query * own->scores_stride + head * samples, samples, shares);
      const float *offset = own->offsets + query * own->offsets_stride + 2 * head * samples;
      const float *share = shares;
      const float *values = own->values + head * width;
      corners.count = 0;
      for (int level = 0; level < own->levels; level++) {
        const int rows = own->grids[2 * level];
        const int columns = own->grids[2 * level + 1];
        const float x = reference[0] * (float)columns - 0.5f;
        const float y = reference[1] * (float)rows - 0.5f;
        for (int point = 0; point < own->points; point++, offset += 2) {
          add_point(
              &corners, values, own->values_stride, rows, columns, x + offset[0], y + offset[1], *share++);
        }
        values += (ptrdiff_t)rows * columns * own->values_stride;
      }
      sum_corners(&corners, width, own->to + query * own->to_stride + head * width);
    }
  }
}
