// Winograd's F(4, 3): four outputs of a window of three along a line by six products, of vectors `step` apart.
#ifndef TENSOR_TILES_H
#define TENSOR_TILES_H

#include "wide.h"

// Of a line of six inputs.
TENSOR_INLINE void input_6(const wide *d, wide *to, int step) {
    wide a = d[4 * step] - 4 * d[2 * step], b = d[3 * step] - 4 * d[step];
    wide c = d[4 * step] - d[2 * step], e = 2 * (d[3 * step] - d[step]);
    to[0] = 4 * d[0] - 5 * d[2 * step] + d[4 * step];
    to[step] = a + b;
    to[2 * step] = a - b;
    to[3 * step] = c + e;
    to[4 * step] = c - e;
    to[5 * step] = 4 * d[step] - 5 * d[3 * step] + d[5 * step];
}

// Four outputs from the six products.
TENSOR_INLINE void output_4(const wide *m, wide *to, int step) {
    wide a = m[step] + m[2 * step], b = m[step] - m[2 * step];
    wide c = m[3 * step] + m[4 * step], d = m[3 * step] - m[4 * step];
    to[0] = m[0] + a + c;
    to[step] = b + 2 * d;
    to[2 * step] = a + 4 * c;
    to[3 * step] = b + 8 * d + m[5 * step];
}

// Of a window of three weights.
TENSOR_INLINE void weight_6(const wide *w, wide *to, int step) {
    wide a = (w[0] + w[2 * step]) * (-1.0f / 6), b = w[step] * (1.0f / 6);
    wide c = w[0] * (1.0f / 24) + w[2 * step] * (1.0f / 6), d = w[step] * (1.0f / 12);
    to[0] = w[0] * 0.25f;
    to[step] = a - b;
    to[2 * step] = a + b;
    to[3 * step] = c + d;
    to[4 * step] = c - d;
    to[5 * step] = w[2 * step];
}

#endif
