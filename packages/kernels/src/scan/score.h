/* What a score adds up over channels. */
#ifndef SCORE_H
#define SCORE_H

#include "../common/functions.h"
#include "scan.h"

INLINE floats reduced(floats sum, floats value, enum reduction reduction) {
  switch (reduction) {
    case CLIP: return sum + larger(value, splat(0));
    case SUM: return sum + value;
    case L1: return sum + absolute(value);
    default: return value * value + sum;
  }
}

#endif
