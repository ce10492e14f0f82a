/*
 * Vectors of floats, as wide as the processor's registers, in the vector extensions that GCC and Clang share. They
 * are loaded from and stored to any address that a float may have.
 */
#ifndef LANES_H
#define LANES_H

#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#if defined(__AVX512F__)
#define LANES 16
#elif defined(__AVX__)
#define LANES 8
#else
#define LANES 4
#endif

typedef float floats __attribute__((vector_size(4 * LANES)));
typedef int32_t integers __attribute__((vector_size(4 * LANES)));
typedef floats floats_anywhere __attribute__((aligned(4), may_alias));

#define INLINE static inline __attribute__((always_inline))

/* `count` floats in whole vectors, in floats. */
#define WHOLE_VECTORS(count) (((count) + LANES - 1) / LANES * LANES)

INLINE floats splat(float x) { return x - (floats){0}; }

INLINE floats load(const float *from) { return *(const floats_anywhere *)from; }

INLINE void store(float *to, floats x) { *(floats_anywhere *)to = x; }

/* The first `count` lanes from memory, 1 to LANES; zeros in the others. */
INLINE floats load_some(const float *from, int count) {
  if (count == LANES) return load(from);
  floats x = {0};
  memcpy(&x, from, sizeof(float) * (size_t)count);
  return x;
}

INLINE void store_some(float *to, floats x, int count) {
  if (count == LANES) store(to, x);
  else memcpy(to, &x, sizeof(float) * (size_t)count);
}

/* Lane by lane: a where the condition holds, else b. */
INLINE floats choose(integers condition, floats a, floats b) {
  return (floats)((condition & (integers)a) | (~condition & (integers)b));
}

/* The larger and the smaller of both; b if one of them is no number. One instruction, where the compiler is told so. */
#if defined(__AVX512F__)
INLINE floats larger(floats a, floats b) { return (floats)_mm512_max_ps((__m512)a, (__m512)b); }
INLINE floats smaller(floats a, floats b) { return (floats)_mm512_min_ps((__m512)a, (__m512)b); }
#elif defined(__AVX__)
INLINE floats larger(floats a, floats b) { return (floats)_mm256_max_ps((__m256)a, (__m256)b); }
INLINE floats smaller(floats a, floats b) { return (floats)_mm256_min_ps((__m256)a, (__m256)b); }
#elif defined(__x86_64__)
INLINE floats larger(floats a, floats b) { return (floats)_mm_max_ps((__m128)a, (__m128)b); }
INLINE floats smaller(floats a, floats b) { return (floats)_mm_min_ps((__m128)a, (__m128)b); }
#else
INLINE floats larger(floats a, floats b) { return choose(a > b, a, b); }
INLINE floats smaller(floats a, floats b) { return choose(a < b, a, b); }
#endif

INLINE floats absolute(floats x) { return (floats)((integers)x & 0x7fffffff); }

INLINE float sum_of_lanes(floats x) {
  float sum = 0;
  for (int lane = 0; lane < LANES; lane++) sum += x[lane];
  return sum;
}

INLINE float largest_lane(floats x) {
  float largest = x[0];
  for (int lane = 1; lane < LANES; lane++) largest = x[lane] > largest ? x[lane] : largest;
  return largest;
}

#endif
