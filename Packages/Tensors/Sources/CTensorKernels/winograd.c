#include "include/kernels.h"
#include "tiles.h"
#include <string.h>

// Convolutions of 3 x 3 windows with stride 1 by tiles of 4 x 4 outputs, F(4 x 4, 3 x 3) of Winograd (1980), Lavin and
// Gray (2016): y = Aᵀ[(G w Gᵀ) ⊙ (Bᵀ x B)]A, x a tile's 6 x 6 inputs. 36 products take the place of 144; as many matrix
// products [tiles, channels] · [channels, outputs], one a place of the 6 x 6. The weight's gradient is the transpose,
// Gᵀ[(A ȳ Aᵀ) ⊙ (Bᵀ x B)]G. Sums are other ones than those of patches: some 1e-6 of the largest, and what is not finite
// makes a tile NaN.

enum { PLACES = 36 };

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

// What tiles are read from: an image, or where places are given the cotangent of its 2 x 2 max pooling.
typedef struct {
    const float *values;
    const uint8_t *places;
} tile_source;

// `count` rows and columns, in rows of six, of the image [height, width, channels] from (top, left) on: zeros outside.
TENSOR_INLINE void load_square(const float *image, const int64_t *sides, tile_place at, int count, wide *t) {
    int64_t height = sides[0], width = sides[1], channels = sides[2];
    const float *from = image + ((at.image * height + at.row) * width + at.column) * channels;
    int inside = at.row >= 0 && at.column >= 0 && at.row + count <= height && at.column + count <= width;
    for (int i = 0; i < count; i++) for (int j = 0; j < count; j++) {
        int is = inside || (at.row + i >= 0 && at.row + i < height && at.column + j >= 0 && at.column + j < width);
        t[6 * i + j] = is ? WIDE_AT(from + (i * width + j) * channels) : (wide){0};
    }
}

// The same of an image of which each window of 2 x 2 holds its cotangent at the window's place and zeros elsewhere. The
// first row and column are the first of a window, or `odd` ones.
TENSOR_INLINE void load_pooled_square(tile_source x, const int64_t *sides, tile_place at, int count, int odd, wide *t) {
    int64_t down = sides[0] / 2, across = sides[1] / 2, channels = sides[2];
    int64_t row = (at.row - odd) / 2, column = (at.column - odd) / 2;  // both differences are even
    for (int a = 0; a < (count + odd + 1) / 2; a++) for (int b = 0; b < (count + odd + 1) / 2; b++) {
        wide v = {0};
        wide_integers place = {0};
        if (row + a >= 0 && row + a < down && column + b >= 0 && column + b < across) {
            int64_t window = ((at.image * down + row + a) * across + column + b) * channels;
            v = WIDE_AT(x.values + window);
            place = __builtin_convertvector(BYTES_AT(x.places + window), wide_integers);
        }
        for (int e = 0; e < 2; e++) for (int f = 0; f < 2; f++) {
            int i = 2 * a - odd + e, j = 2 * b - odd + f;
            if (i >= 0 && i < count && j >= 0 && j < count)
                t[6 * i + j] = (wide)((wide_integers)v & (place == 2 * e + f));
        }
    }
}

// Bᵀ x B of tiles, [PLACES][tile][channel]; outside x zeros. Where x is pooled the padding is 1.
TENSOR_INLINE void transform_inputs(const tensor_tiling *g, tensor_range tiles, tile_source x, float *to) {
    const tensor_windows *w = &g->windows;
    int64_t channels = w->channels, distance = apart(tiles.end - tiles.begin, channels);
    int64_t sides[3] = {w->height, w->width, channels};
    for (int64_t tile = tiles.begin; tile < tiles.end; tile++, to += channels) {
        tile_place at = place_of(w, tile);
        at.row -= w->padding;
        at.column -= w->padding;
        for (int64_t c = 0; c < channels; c += WIDE) {
            wide t[PLACES];
            if (x.places) load_pooled_square((tile_source){x.values + c, x.places + c}, sides, at, 6, 1, t);
            else load_square(x.values + c, sides, at, 6, t);
            input_6_square(t);
            for (int p = 0; p < PLACES; p++) WIDE_AT(to + p * distance + c) = t[p];
        }
    }
}

// A ȳ Aᵀ of tiles, [PLACES][tile][output]; outside y zeros.
TENSOR_INLINE void transform_cotangents(const tensor_tiling *g, tensor_range tiles, tile_source y, float *to) {
    const tensor_windows *w = &g->windows;
    int64_t outputs = g->outputs, distance = apart(tiles.end - tiles.begin, outputs);
    int64_t sides[3] = {w->output_height, w->output_width, outputs};
    for (int64_t tile = tiles.begin; tile < tiles.end; tile++, to += outputs) {
        tile_place at = place_of(w, tile);
        for (int64_t o = 0; o < outputs; o += WIDE) {
            wide t[PLACES];
            if (y.places) load_pooled_square((tile_source){y.values + o, y.places + o}, sides, at, 4, 0, t);
            else load_square(y.values + o, sides, at, 4, t);
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

// The largest of 2 x 2 of these, and its place.
TENSOR_INLINE void pool_outputs(const tensor_tiling *g, tensor_range tiles, const float *m,
                                tensor_pooled_result result) {
    const tensor_windows *w = &g->windows;
    int64_t outputs = g->outputs, distance = apart(tiles.end - tiles.begin, outputs);
    int64_t down = w->output_height / 2, across = w->output_width / 2;
    for (int64_t tile = tiles.begin; tile < tiles.end; tile++, m += outputs) {
        tile_place at = place_of(w, tile);
        int64_t row = at.row / 2, column = at.column / 2;
        for (int64_t o = 0; o < outputs; o += WIDE) {
            wide t[PLACES];
            for (int p = 0; p < PLACES; p++) t[p] = WIDE_AT(m + p * distance + o);
            output_4_square(t);
            for (int a = 0; a < 2 && row + a < down; a++) for (int b = 0; b < 2 && column + b < across; b++) {
                const wide *corner = t + 12 * a + 2 * b;
                winner best = {corner[0], {0}};
                challenge(&best, corner + 1, 1);
                challenge(&best, corner + 6, 2);
                challenge(&best, corner + 7, 3);
                int64_t to = ((at.image * down + row + a) * across + column + b) * outputs + o;
                if (result.y) WIDE_AT(result.y + to) = best.value;
                if (result.places)
                    BYTES_AT((uint8_t *)result.places + to) = __builtin_convertvector(best.place, wide_bytes);
            }
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

// The products of these tiles, behind their inputs in the memory.
TENSOR_INLINE const float *tile_products(const tensor_tiling *g, tensor_range some, tile_source x,
                                         const float *transformed) {
    int64_t channels = g->windows.channels, outputs = g->outputs, count = some.end - some.begin;
    float *inputs = g->memory, *products = g->memory + PLACES * apart(count, channels);
    transform_inputs(g, some, x, inputs);
    for (int p = 0; p < PLACES; p++)
        product((extents){count, outputs, channels, 0}, (operand){inputs + p * apart(count, channels), channels, 1},
                transformed + p * channels * outputs, products + p * apart(count, outputs));
    return products;
}

#define EACH_BLOCK(BODY) \
    int64_t step = tiles_at_a_time(g->windows.channels, g->outputs); \
    for (int64_t first = g->tiles.begin; first < g->tiles.end; first += step) { \
        tensor_range some = {first, first + step < g->tiles.end ? first + step : g->tiles.end}; \
        BODY \
    }

TENSOR_CLONES void tensor_winograd_f32(const tensor_tiling *g, const float *x, const float *transformed, float *y) {
    EACH_BLOCK(transform_outputs(g, some, tile_products(g, some, (tile_source){x, NULL}, transformed), y);)
}

TENSOR_CLONES void tensor_winograd_pooled_f32(const tensor_tiling *g, const float *x, const float *transformed,
                                              tensor_pooled_result result) {
    EACH_BLOCK(pool_outputs(g, some, tile_products(g, some, (tile_source){x, NULL}, transformed), result);)
}

TENSOR_CLONES void tensor_winograd_of_pooled_f32(const tensor_tiling *g, tensor_pooled_cotangent x,
                                                 const float *transformed, float *y) {
    tile_source source = {x.values, x.places};
    EACH_BLOCK(transform_outputs(g, some, tile_products(g, some, source, transformed), y);)
}

TENSOR_INLINE void add_weight_sums(const tensor_tiling *g, tensor_range some, const float *x, tile_source y,
                                   float *sums) {
    int64_t channels = g->windows.channels, outputs = g->outputs, count = some.end - some.begin;
    float *inputs = g->memory, *cotangents = g->memory + PLACES * apart(count, channels);
    transform_inputs(g, some, (tile_source){x, NULL}, inputs);
    transform_cotangents(g, some, y, cotangents);
    for (int p = 0; p < PLACES; p++)
        product((extents){channels, outputs, count, some.begin > g->tiles.begin},
                (operand){inputs + p * apart(count, channels), 1, channels}, cotangents + p * apart(count, outputs),
                sums + p * channels * outputs);
}

TENSOR_CLONES void tensor_winograd_weight_sums_f32(const tensor_tiling *g, const float *x, const float *y,
                                                   float *sums) {
    EACH_BLOCK(add_weight_sums(g, some, x, (tile_source){y, NULL}, sums);)
}

TENSOR_CLONES void tensor_winograd_pooled_weight_sums_f32(const tensor_tiling *g, const float *x,
                                                          tensor_pooled_cotangent y, float *sums) {
    tile_source source = {y.values, y.places};
    EACH_BLOCK(add_weight_sums(g, some, x, source, sums);)
}
