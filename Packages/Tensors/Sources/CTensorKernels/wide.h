// Vectors of 16 float32, and the largest of several with its place.
#ifndef TENSOR_WIDE_H
#define TENSOR_WIDE_H

#include <stdint.h>
#include "clones.h"

enum { WIDE = 16 };
typedef float wide __attribute__((vector_size(4 * WIDE), aligned(4)));
typedef int32_t wide_integers __attribute__((vector_size(4 * WIDE), aligned(4)));
typedef uint8_t wide_bytes __attribute__((vector_size(WIDE), aligned(1)));

// By pointer: vectors as arguments would be passed otherwise on each instruction set.
#define WIDE_AT(P) (*(wide *)(P))
#define BYTES_AT(P) (*(wide_bytes *)(P))

typedef struct {
    wide value;
    wide_integers place;
} winner;

// NaN wins, the first of them; else the first of equals.
TENSOR_INLINE void challenge(winner *w, const wide *x, int32_t place) {
    wide_integers larger = ~(*x <= w->value) & (w->value == w->value);
    w->value = (wide)(((wide_integers)*x & larger) | ((wide_integers)w->value & ~larger));
    w->place = (larger & place) | (~larger & w->place);
}

#endif
