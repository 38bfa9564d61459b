#ifndef TENSOR_VECTORS_H
#define TENSOR_VECTORS_H

#include "clones.h"

enum { LANES = 8 };
typedef float lanes __attribute__((vector_size(4 * LANES), aligned(4)));

TENSOR_INLINE int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

#endif
