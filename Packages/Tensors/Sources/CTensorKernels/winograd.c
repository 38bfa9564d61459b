#include "include/kernels.h"
#include "clones.h"
#include <string.h>

// Convolutions of 3 x 3 windows with stride 1 by tiles of 4 x 4 outputs, F(4 x 4, 3 x 3) of Winograd (1980), Lavin and
// Gray (2016): y = Aᵀ[(G w Gᵀ) ⊙ (Bᵀ x B)]A, x a tile's 6 x 6 inputs. 36 products take the place of 144; as many matrix
// products [tiles, channels] · [channels, outputs], one a place of the 6 x 6. The weight's gradient is the transpose,
// Gᵀ[(A ȳ Aᵀ) ⊙ (Bᵀ x B)]G. Sums are other ones than those of patches: some 1e-6 of the largest, and what is not finite
// makes a tile NaN.

enum { WIDE = 16, PLACES = 36 };
typedef float wide __attribute__((vector_size(4 * WIDE), aligned(4)));

// By pointer: vectors as arguments would be passed otherwise on each instruction set.
#define WIDE_AT(P) (*(wide *)(P))

// One direction of each transform: elements `step` apart.
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

TENSOR_INLINE void output_4(const wide *m, wide *to, int step) {
    wide a = m[step] + m[2 * step], b = m[step] - m[2 * step];
    wide c = m[3 * step] + m[4 * step], d = m[3 * step] - m[4 * step];
    to[0] = m[0] + a + c;
    to[step] = b + 2 * d;
    to[2 * step] = a + 4 * c;
    to[3 * step] = b + 8 * d + m[5 * step];
}

// The transpose of output_4.
TENSOR_INLINE void cotangent_6(const wide *y, wide *to, int step) {
    wide a = y[0] + y[2 * step], b = y[step] + y[3 * step];
    wide c = y[0] + 4 * y[2 * step], d = 2 * y[step] + 8 * y[3 * step];
    to[0] = y[0];
    to[step] = a + b;
    to[2 * step] = a - b;
    to[3 * step] = c + d;
    to[4 * step] = c - d;
    to[5 * step] = y[3 * step];
}

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

// The transpose of weight_6.
TENSOR_INLINE void slope_3(const wide *g, wide *to, int step) {
    wide a = (g[step] + g[2 * step]) * (-1.0f / 6), b = (g[2 * step] - g[step]) * (1.0f / 6);
    wide c = g[3 * step] + g[4 * step], d = g[3 * step] - g[4 * step];
    to[0] = g[0] * 0.25f + a + c * (1.0f / 24);
    to[step] = b + d * (1.0f / 12);
    to[2 * step] = a + c * (1.0f / 6) + g[5 * step];
}

// Both directions of a transform of an n x n square to an m x m one, within rows of six.
#define BOTH(NAME, FROM, TO, N) \
    TENSOR_INLINE void NAME##_square(wide *t) { \
        wide column[PLACES]; \
        for (int j = 0; j < N; j++) NAME(t + j, column + j, 6); \
        for (int i = 0; i < TO; i++) NAME(column + 6 * i, t + 6 * i, 1); \
    }
BOTH(input_6, 6, 6, 6)
BOTH(output_4, 6, 4, 6)
BOTH(cotangent_6, 4, 6, 4)
BOTH(weight_6, 3, 6, 3)
BOTH(slope_3, 6, 3, 6)

typedef struct {
    int64_t image, row, column;  // of the tile's first output
} tile_place;

TENSOR_INLINE tile_place place_of(const tensor_windows *w, int64_t tile) {
    int64_t across = (w->output_width + 3) / 4, down = (w->output_height + 3) / 4;
    return (tile_place){tile / across / down, tile / across % down * 4, tile % across * 4};
}

// Distance between the places' matrices: not a multiple of a page, whose lines would share their places in the cache.
TENSOR_INLINE int64_t apart(int64_t tiles, int64_t channels) { return tiles * channels + WIDE; }

// Bᵀ x B of tiles, [PLACES][tile][channel]; outside x zeros.
TENSOR_INLINE void transform_inputs(const tensor_tiling *g, tensor_range tiles, const float *x, float *to) {
    const tensor_windows *w = &g->windows;
    int64_t channels = w->channels, distance = apart(tiles.end - tiles.begin, channels);
    for (int64_t tile = tiles.begin; tile < tiles.end; tile++, to += channels) {
        tile_place at = place_of(w, tile);
        int64_t top = at.row - w->padding, left = at.column - w->padding;
        const float *from = x + ((at.image * w->height + top) * w->width + left) * channels;
        int inside = top >= 0 && left >= 0 && top + 6 <= w->height && left + 6 <= w->width;
        for (int64_t c = 0; c < channels; c += WIDE) {
            wide t[PLACES];
            for (int i = 0; i < 6; i++) for (int j = 0; j < 6; j++) {
                int is = inside || (top + i >= 0 && top + i < w->height && left + j >= 0 && left + j < w->width);
                t[6 * i + j] = is ? WIDE_AT(from + (i * w->width + j) * channels + c) : (wide){0};
            }
            input_6_square(t);
            for (int p = 0; p < PLACES; p++) WIDE_AT(to + p * distance + c) = t[p];
        }
    }
}

// A ȳ Aᵀ of tiles, [PLACES][tile][output]; outside y zeros.
TENSOR_INLINE void transform_cotangents(const tensor_tiling *g, tensor_range tiles, const float *y, float *to) {
    const tensor_windows *w = &g->windows;
    int64_t outputs = g->outputs, distance = apart(tiles.end - tiles.begin, outputs);
    for (int64_t tile = tiles.begin; tile < tiles.end; tile++, to += outputs) {
        tile_place at = place_of(w, tile);
        const float *from = y + ((at.image * w->output_height + at.row) * w->output_width + at.column) * outputs;
        for (int64_t o = 0; o < outputs; o += WIDE) {
            wide t[PLACES];
            for (int i = 0; i < 4; i++) for (int j = 0; j < 4; j++)
                t[6 * i + j] = at.row + i < w->output_height && at.column + j < w->output_width
                    ? WIDE_AT(from + (i * w->output_width + j) * outputs + o) : (wide){0};
            cotangent_6_square(t);
            for (int p = 0; p < PLACES; p++) WIDE_AT(to + p * distance + o) = t[p];
        }
    }
}

// y = Aᵀ m A of tiles.
TENSOR_INLINE void transform_outputs(const tensor_tiling *g, tensor_range tiles, const float *m, float *y) {
    const tensor_windows *w = &g->windows;
    int64_t outputs = g->outputs, distance = apart(tiles.end - tiles.begin, outputs);
    for (int64_t tile = tiles.begin; tile < tiles.end; tile++, m += outputs) {
        tile_place at = place_of(w, tile);
        int64_t rows = w->output_height - at.row, columns = w->output_width - at.column;
        float *to = y + ((at.image * w->output_height + at.row) * w->output_width + at.column) * outputs;
        for (int64_t o = 0; o < outputs; o += WIDE) {
            wide t[PLACES];
            for (int p = 0; p < PLACES; p++) t[p] = WIDE_AT(m + p * distance + o);
            output_4_square(t);
            for (int i = 0; i < 4 && i < rows; i++) for (int j = 0; j < 4 && j < columns; j++)
                WIDE_AT(to + (i * w->output_width + j) * outputs + o) = t[6 * i + j];
        }
    }
}

// c [rows, columns] (+)= Σ_k a(row, k) b(k), with a's elements where its strides say.
typedef struct {
    int64_t rows, columns, depth;
    int is_added;
} extents;
typedef struct {
    const float *at;
    int64_t row_stride, depth_stride;
} operand;

// The first ROWS rows, two vectors wide.
#define TILE_PRODUCT(ROWS) \
    TENSOR_INLINE void product_##ROWS(const extents *e, operand a, const float *b, float *c) { \
        wide s[ROWS][2]; \
        for (int r = 0; r < ROWS; r++) for (int v = 0; v < 2; v++) \
            s[r][v] = e->is_added ? WIDE_AT(c + r * e->columns + v * WIDE) : (wide){0}; \
        for (int64_t k = 0; k < e->depth; k++, b += e->columns, a.at += a.depth_stride) { \
            wide b0 = WIDE_AT(b), b1 = WIDE_AT(b + WIDE); \
            for (int r = 0; r < ROWS; r++) { \
                float value = a.at[r * a.row_stride]; \
                s[r][0] += value * b0; \
                s[r][1] += value * b1; \
            } \
        } \
        for (int r = 0; r < ROWS; r++) for (int v = 0; v < 2; v++) WIDE_AT(c + r * e->columns + v * WIDE) = s[r][v]; \
    }
TILE_PRODUCT(8)
TILE_PRODUCT(1)

TENSOR_INLINE void product(extents e, operand a, const float *b, float *c) {
    for (int64_t o = 0; o < e.columns; o += 2 * WIDE) {
        operand rest = a;
        int64_t r = 0;
        for (; r + 8 <= e.rows; r += 8, rest.at += 8 * a.row_stride) product_8(&e, rest, b + o, c + r * e.columns + o);
        for (; r < e.rows; r++, rest.at += a.row_stride) product_1(&e, rest, b + o, c + r * e.columns + o);
    }
}

// Tiles at a time: what they are transformed to stays in the second-level cache.
TENSOR_INLINE int64_t tiles_at_a_time(int64_t channels, int64_t outputs) {
    int64_t tiles = 131072 / (PLACES * (channels + outputs)) / 8 * 8;
    return tiles < 8 ? 8 : tiles;
}

int tensor_winograd_pays(void) {
#if defined(__x86_64__) && defined(__linux__)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl");
#else
    return 0;
#endif
}

int64_t tensor_winograd_tiles(int64_t channels, int64_t outputs) { return tiles_at_a_time(channels, outputs); }

int64_t tensor_winograd_memory(int64_t channels, int64_t outputs) {
    int64_t tiles = tiles_at_a_time(channels, outputs);
    return PLACES * (apart(tiles, channels) + apart(tiles, outputs)) * (int64_t)sizeof(float);
}

TENSOR_CLONES void tensor_winograd_weight_f32(int64_t channels, int64_t outputs, const float *w, float *transformed) {
    int64_t count = channels * outputs;
    for (int64_t i = 0; i < count; i += WIDE) {
        wide t[PLACES];
        for (int r = 0; r < 3; r++) for (int s = 0; s < 3; s++) t[6 * r + s] = WIDE_AT(w + (3 * r + s) * count + i);
        weight_6_square(t);
        for (int p = 0; p < PLACES; p++) WIDE_AT(transformed + p * count + i) = t[p];
    }
}

TENSOR_CLONES void tensor_winograd_weight_gradient_f32(int64_t channels, int64_t outputs, int64_t pieces,
                                                       const float *sums, float *w) {
    int64_t count = channels * outputs;
    for (int64_t i = 0; i < count; i += WIDE) {
        wide t[PLACES];
        for (int p = 0; p < PLACES; p++) {
            t[p] = WIDE_AT(sums + p * count + i);
            for (int64_t piece = 1; piece < pieces; piece++)
                t[p] += WIDE_AT(sums + (piece * PLACES + p) * count + i);
        }
        slope_3_square(t);
        for (int r = 0; r < 3; r++) for (int s = 0; s < 3; s++) WIDE_AT(w + (3 * r + s) * count + i) = t[6 * r + s];
    }
}

TENSOR_CLONES void tensor_winograd_f32(const tensor_tiling *g, const float *x, const float *transformed, float *y) {
    int64_t channels = g->windows.channels, outputs = g->outputs, step = tiles_at_a_time(channels, outputs);
    for (int64_t first = g->tiles.begin; first < g->tiles.end; first += step) {
        tensor_range some = {first, first + step < g->tiles.end ? first + step : g->tiles.end};
        int64_t count = some.end - some.begin;
        float *inputs = g->memory, *products = g->memory + PLACES * apart(count, channels);
        transform_inputs(g, some, x, inputs);
        for (int p = 0; p < PLACES; p++)
            product((extents){count, outputs, channels, 0}, (operand){inputs + p * apart(count, channels), channels, 1},
                    transformed + p * channels * outputs, products + p * apart(count, outputs));
        transform_outputs(g, some, products, y);
    }
}

TENSOR_CLONES void tensor_winograd_weight_sums_f32(const tensor_tiling *g, const float *x, const float *y,
                                                   float *sums) {
    int64_t channels = g->windows.channels, outputs = g->outputs, step = tiles_at_a_time(channels, outputs);
    for (int64_t first = g->tiles.begin; first < g->tiles.end; first += step) {
        tensor_range some = {first, first + step < g->tiles.end ? first + step : g->tiles.end};
        int64_t count = some.end - some.begin;
        float *inputs = g->memory, *cotangents = g->memory + PLACES * apart(count, channels);
        transform_inputs(g, some, x, inputs);
        transform_cotangents(g, some, y, cotangents);
        for (int p = 0; p < PLACES; p++)
            product((extents){channels, outputs, count, first > g->tiles.begin},
                    (operand){inputs + p * apart(count, channels), 1, channels},
                    cotangents + p * apart(count, outputs), sums + p * channels * outputs);
    }
}
