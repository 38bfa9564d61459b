#include "include/kernels.h"
#include "tiles.h"
#include <string.h>
#if defined(__x86_64__) && defined(__linux__)
#include <immintrin.h>
#define TENSOR_512 __attribute__((target("arch=x86-64-v4")))
#else
#define TENSOR_512
#endif

// A convolution of 3 x 3 windows with stride 1 and padding 1 over images of few channels, and the largest of 2 x 2 of
// its outputs, in one pass: what is pooled is never written. Beside each largest its place in the window is kept, a
// byte: all that the weight's gradient needs.

enum { BLOCK = 2 * WIDE, PLACES = 6, RING = 4 };

TENSOR_INLINE int64_t rounded(int64_t n) { return (n + WIDE - 1) / WIDE * WIDE; }

// MARK: Forward

// Rows go by tiles of four outputs, F(4, 3) of Winograd along the row: six products in place of twelve. Tile k sees
// elements 4k ... 4k + 5 of a row with its padding.
TENSOR_INLINE int64_t tiles_across(const tensor_pooled_images *g) { return (g->width + 3) / 4; }
// Tiles lie side by side, with room for the vectors' ends.
TENSOR_INLINE int64_t tile_room(const tensor_pooled_images *g) { return rounded(tiles_across(g)) + WIDE; }

// The transformed row `row` of an image, counted with its padding: [channels, PLACES, tile_room].
TENSOR_INLINE void transform_row(const tensor_pooled_images *g, const float *image, int64_t row, float *to) {
    int64_t room = tile_room(g), tiles = tiles_across(g);
    float *phase = g->memory + RING * g->channels * PLACES * room;  // element 4k + q at [q, k]
    for (int64_t c = 0; c < g->channels; c++, to += PLACES * room) {
        if (row == 0 || row > g->height) {
            memset(to, 0, sizeof(float) * (size_t)(PLACES * room));
            continue;
        }
        const float *from = image + (row - 1) * g->row_stride + c * g->channel_stride;
        memset(phase, 0, sizeof(float) * (size_t)(4 * room));
        for (int64_t q = 0; q < 4; q++) {
            int64_t first = q == 0 ? 1 : 0, count = (g->width + 4 - q) / 4;  // of elements 4k + q - 1 < width
            const float *source = from + (4 * first + q - 1) * g->column_stride;
            for (int64_t k = first; k < count; k++, source += 4 * g->column_stride) phase[q * room + k] = *source;
        }
        for (int64_t k = 0; k < tiles; k += WIDE) {
            wide t[PLACES];
            for (int q = 0; q < 4; q++) t[q] = WIDE_AT(phase + q * room + k);
            for (int q = 0; q < 2; q++) t[4 + q] = WIDE_AT(phase + q * room + k + 1);
            wide transformed[PLACES];
            input_6(t, transformed, 1);
            for (int q = 0; q < PLACES; q++) WIDE_AT(to + q * room + k) = transformed[q];
        }
    }
}

typedef struct {
    const float *rows[RING * TENSOR_POOLED_CHANNELS];  // transformed, of each channel
    const float *weight;      // of this block of outputs: [3, channels, PLACES, BLOCK]
    int64_t channels, room, outputs;
    float *y;
    uint8_t *places;
} row_pair;

// Tile k of two rows: two windows of BLOCK outputs, the second where there is one.
TENSOR_INLINE void pooled_tile(const row_pair *g, int64_t k, int count) {
    wide m[2][PLACES][2] = {{{{0}}}};
    const float *w = g->weight;
    for (int64_t n = 0; n < 3 * g->channels; n++) {
        const float *x0 = g->rows[n] + k, *x1 = g->rows[n + g->channels] + k;
        for (int p = 0; p < PLACES; p++, w += BLOCK, x0 += g->room, x1 += g->room) {
            wide w0 = WIDE_AT(w), w1 = WIDE_AT(w + WIDE);
            m[0][p][0] += *x0 * w0;
            m[0][p][1] += *x0 * w1;
            m[1][p][0] += *x1 * w0;
            m[1][p][1] += *x1 * w1;
        }
    }
    for (int v = 0; v < 2; v++) {
        wide upper[4][2], lower[4][2];
        output_4(&m[0][0][v], &upper[0][v], 2);
        output_4(&m[1][0][v], &lower[0][v], 2);
        for (int e = 0; e < count; e++) {
            winner best = {upper[2 * e][v], {0}};
            challenge(&best, &upper[2 * e + 1][v], 1);
            challenge(&best, &lower[2 * e][v], 2);
            challenge(&best, &lower[2 * e + 1][v], 3);
            int64_t at = (2 * k + e) * g->outputs + v * WIDE;
            if (g->y) WIDE_AT(g->y + at) = best.value;
            if (g->places) BYTES_AT(g->places + at) = __builtin_convertvector(best.place, wide_bytes);
        }
    }
}

TENSOR_CLONES void tensor_pooled_weight_f32(int64_t channels, int64_t outputs, const float *w, float *transformed) {
    for (int64_t o = 0; o < outputs; o += BLOCK)
        for (int64_t r = 0; r < 3; r++) for (int64_t c = 0; c < channels; c++, transformed += PLACES * BLOCK)
            for (int64_t i = 0; i < BLOCK; i += WIDE) {
                wide t[3], to[PLACES];
                for (int s = 0; s < 3; s++) t[s] = WIDE_AT(w + ((3 * r + s) * channels + c) * outputs + o + i);
                weight_6(t, to, 1);
                for (int q = 0; q < PLACES; q++) WIDE_AT(transformed + q * BLOCK + i) = to[q];
            }
}

TENSOR_CLONES void tensor_pooled_convolution_f32(const tensor_pooled_images *g, const float *x,
                                                 const float *transformed, tensor_pooled_result result) {
    int64_t down = g->height / 2, across = g->width / 2, outputs = g->outputs, room = tile_room(g);
    int64_t size = g->channels * PLACES * room;
    for (int64_t number = g->images.begin; number < g->images.end; number++) {
        const float *image = x + number * g->image_stride;
        for (int64_t row = 0; row < 2; row++) transform_row(g, image, row, g->memory + row * size);
        for (int64_t i = 0; i < down; i++) {
            for (int64_t row = 2 * i + 2; row < 2 * i + 4; row++)
                transform_row(g, image, row, g->memory + row % RING * size);
            row_pair pair = {.channels = g->channels, .room = room, .outputs = outputs};
            for (int64_t r = 0; r < RING; r++) for (int64_t c = 0; c < g->channels; c++)
                pair.rows[r * g->channels + c] = g->memory + (2 * i + r) % RING * size + c * PLACES * room;
            int64_t at = (number * down + i) * across * outputs;
            for (int64_t o = 0; o < outputs; o += BLOCK) {
                pair.weight = transformed + o * 3 * g->channels * PLACES;
                pair.y = result.y ? result.y + at + o : NULL;
                pair.places = result.places ? (uint8_t *)result.places + at + o : NULL;
                for (int64_t k = 0; k < across / 2; k++) pooled_tile(&pair, k, 2);
                if (across % 2) pooled_tile(&pair, across / 2, 1);
            }
        }
    }
}

// MARK: The weight's gradient

// w̄[r, s, c, o] = Σ over windows of v · x at the window's place, moved by (r, s): four elements of x come into
// question, and each output takes the one of its place. They lie side by side in tables [channels, column][4], a row of
// tables for each two neighbouring rows of the image with its padding.

// Columns of a row with its padding, with room for the vectors' ends.
TENSOR_INLINE int64_t column_room(const tensor_pooled_images *g) { return rounded(g->width + 2) + WIDE; }

TENSOR_INLINE void tables_of(const tensor_pooled_images *g, const float *padded, int64_t row, float *to) {
    int64_t room = column_room(g);
    for (int64_t c = 0; c < g->channels; c++, to += 4 * room) {
        const float *upper = padded + (c * (g->height + 2) + row) * room, *lower = upper + room;
        for (int64_t b = 0; b <= g->width; b += 4) {  // the last vector ends within the row
            wide a = WIDE_AT(upper + b), d = WIDE_AT(lower + b);
            WIDE_AT(to + 4 * b) = __builtin_shufflevector(a, d, 0, 1, 16, 17, 1, 2, 17, 18,
                                                          2, 3, 18, 19, 3, 4, 19, 20);
        }
    }
}

// An image with its padding, [channels, height + 2, column_room].
TENSOR_INLINE void pad(const tensor_pooled_images *g, const float *image, float *padded) {
    int64_t room = column_room(g);
    memset(padded, 0, sizeof(float) * (size_t)(g->channels * (g->height + 2) * room));
    for (int64_t c = 0; c < g->channels; c++) for (int64_t row = 0; row < g->height; row++) {
        const float *from = image + row * g->row_stride + c * g->channel_stride;
        float *to = padded + (c * (g->height + 2) + row + 1) * room + 1;
        for (int64_t j = 0; j < g->width; j++) to[j] = from[j * g->column_stride];
    }
}

// Of each lane the element of its place, 0 ... 3, in a table of four.
TENSOR_INLINE TENSOR_512 void chosen(const float *table, const wide_integers *places, wide *to) {
#if defined(__x86_64__) && defined(__linux__)
    *to = (wide)_mm512_permutevar_ps(_mm512_broadcast_f32x4(_mm_loadu_ps(table)), (__m512i)*places);
#else
    for (int i = 0; i < WIDE; i++) (*to)[i] = table[(*places)[i]];
#endif
}

TENSOR_512 void tensor_pooled_weight_sums_f32(const tensor_pooled_images *g, const float *x,
                                              tensor_pooled_cotangent cotangent, float *sums) {
    int64_t down = g->height / 2, across = g->width / 2, outputs = g->outputs, room = column_room(g);
    int64_t size = g->channels * room * 4;
    float *padded = g->memory + RING * size;
    memset(sums, 0, sizeof(float) * (size_t)(9 * g->channels * outputs));
    for (int64_t number = g->images.begin; number < g->images.end; number++) {
        pad(g, x + number * g->image_stride, padded);
        tables_of(g, padded, 0, g->memory);
        for (int64_t i = 0; i < down; i++) {
            for (int64_t row = 2 * i + 1; row < 2 * i + 3; row++)
                tables_of(g, padded, row, g->memory + row % RING * size);
            int64_t at = (number * down + i) * across * outputs;
            for (int64_t c = 0; c < g->channels; c++) for (int64_t o = 0; o < outputs; o += BLOCK) {
                const float *tables[3];
                for (int64_t r = 0; r < 3; r++) tables[r] = g->memory + (2 * i + r) % RING * size + c * 4 * room;
                float *sum = sums + c * outputs + o;
                wide s[9][2];
                for (int t = 0; t < 9; t++) for (int v = 0; v < 2; v++)
                    s[t][v] = WIDE_AT(sum + t * g->channels * outputs + v * WIDE);
                const float *value = cotangent.values + at + o;
                const uint8_t *place = (const uint8_t *)cotangent.places + at + o;
                for (int64_t j = 0; j < across; j++, value += outputs, place += outputs) {
                    wide v0 = WIDE_AT(value), v1 = WIDE_AT(value + WIDE);
                    wide_integers p0 = __builtin_convertvector(BYTES_AT(place), wide_integers);
                    wide_integers p1 = __builtin_convertvector(BYTES_AT(place + WIDE), wide_integers);
                    for (int t = 0; t < 9; t++) {
                        const float *table = tables[t / 3] + 4 * (2 * j + t % 3);
                        wide x0, x1;
                        chosen(table, &p0, &x0);
                        chosen(table, &p1, &x1);
                        s[t][0] += x0 * v0;
                        s[t][1] += x1 * v1;
                    }
                }
                for (int t = 0; t < 9; t++) for (int v = 0; v < 2; v++)
                    WIDE_AT(sum + t * g->channels * outputs + v * WIDE) = s[t][v];
            }
        }
    }
}

int64_t tensor_pooled_memory(const tensor_pooled_images *g) {
    int64_t forward = (RING * g->channels * PLACES + 4) * tile_room(g);
    int64_t backward = (RING * 4 + g->height + 2) * g->channels * column_room(g);
    return (forward > backward ? forward : backward) * (int64_t)sizeof(float);
}
