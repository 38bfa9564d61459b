#include "include/kernels.h"
#include "vectors.h"

// Six rows share the list of columns where any of them is not zero, so that each vector of b serves six multiply-adds:
// with one row a list the loads of b are the limit, with more the lists fill up. A strip of b, two vectors wide, lies
// in the nearest cache for a block of depth.

enum { GROUP = TENSOR_SPARSE_GROUP, WIDTH = TENSOR_SPARSE_WIDTH, VECTORS = WIDTH / LANES, RUN = 4, CHUNK = 48 };

// Columns lie in vectors, vectors in strips of two, some of one. The last vector ends at the last column:
// it may repeat columns of the one before, which then lies in the same strip, to the same bits.
TENSOR_INLINE int64_t vector_count(int64_t columns) { return (columns + LANES - 1) / LANES; }
TENSOR_INLINE int64_t first_column(int64_t vector, int64_t columns) { return smaller(vector * LANES, columns - LANES); }
TENSOR_INLINE int64_t strip_start(int64_t strip, int64_t columns) {
    return vector_count(columns) * strip / tensor_sparse_strips(columns);
}

// Pieces take runs of groups in turn.
TENSOR_INLINE int64_t next_group(int64_t group, int64_t pieces) {
    return group % RUN == RUN - 1 ? group + 1 + (pieces - 1) * RUN : group + 1;
}

int64_t tensor_sparse_strips(int64_t columns) { return (vector_count(columns) + VECTORS - 1) / VECTORS; }

TENSOR_CLONES void tensor_sparse_order(int64_t rows, int64_t words, const uint64_t *patterns, int32_t *order) {
    // From each row to the nearest of those left, within windows: the time grows with rows · window.
    enum { WINDOW = 1024 };
    for (int64_t begin = 0; begin < rows; begin += WINDOW) {
        int64_t end = smaller(begin + WINDOW, rows);
        for (int64_t i = begin; i + 1 < end; i++) {
            const uint64_t *here = patterns + order[i] * words;
            int64_t nearest = i + 1, least = INT64_MAX;
            for (int64_t j = i + 1; j < end; j++) {
                const uint64_t *there = patterns + order[j] * words;
                int64_t distance = 0;
                for (int64_t w = 0; w < words; w++) distance += __builtin_popcountll(here[w] ^ there[w]);
                if (distance < least) least = distance, nearest = j;
            }
            int32_t next = order[nearest];
            order[nearest] = order[i + 1], order[i + 1] = next;
        }
    }
}

TENSOR_CLONES void tensor_sparse_pack_f32(const tensor_sparse_matrix *a, int64_t block, int64_t columns, const float *b,
                                          int64_t b_row, int64_t b_column, float *panels, float *marks) {
    int64_t begin = block * a->block_depth, end = smaller(begin + a->block_depth, a->depth);
    int64_t strips = tensor_sparse_strips(columns);
    for (int64_t s = 0; s < strips; s++)
        for (int64_t v = strip_start(s, columns); v < strip_start(s + 1, columns); v++) {
            int64_t first = first_column(v, columns);
            float *panel = panels + s * a->depth * WIDTH + (v - strip_start(s, columns)) * LANES;
            lanes mark = {0};
            for (int64_t p = begin; p < end; p++) {
                lanes x;
                if (b_column == 1) x = *(const lanes *)(b + p * b_row + first);
                else for (int j = 0; j < LANES; j++) x[j] = b[p * b_row + (first + j) * b_column];
                *(lanes *)(panel + p * WIDTH) = x;
                mark += 0 * x;
            }
            *(lanes *)(marks + (block * vector_count(columns) + v) * LANES) = mark;
        }
}

// c [GROUP rows, vectors] = (c +) marks + entries · panel. A function of its own for each width: all sums stay in
// registers.
TENSOR_INLINE void tile(int vectors, int64_t entries, const uint16_t *offsets, const float *values, const float *panel,
                        const float *marks, float *const *c, const int64_t *columns, int adding) {
    lanes sum[GROUP][VECTORS];
    for (int i = 0; i < GROUP; i++)
        for (int v = 0; v < vectors; v++) sum[i][v] = adding ? *(const lanes *)(c[i] + columns[v]) : (lanes){0};
    for (int64_t q = 0; q < entries; q++) {
        const float *at = panel + offsets[q];
        lanes b[VECTORS];
        for (int v = 0; v < vectors; v++) b[v] = *(const lanes *)(at + v * LANES);
        for (int i = 0; i < GROUP; i++) {
            float x = values[q * GROUP + i];
            for (int v = 0; v < vectors; v++) sum[i][v] += x * b[v];
        }
    }
    for (int i = 0; i < GROUP; i++)
        for (int v = 0; v < vectors; v++)
            *(lanes *)(c[i] + columns[v]) = sum[i][v] + *(const lanes *)(marks + v * LANES);
}

#define TILE(VECTORS) \
    TENSOR_CLONES static void tile_##VECTORS(int64_t entries, const uint16_t *offsets, const float *values, \
                                             const float *panel, const float *marks, float *const *c, \
                                             const int64_t *columns, int adding) { \
        tile(VECTORS, entries, offsets, values, panel, marks, c, columns, adding); \
    }
TILE(1)
TILE(2)

TENSOR_CLONES void tensor_sparse_product_f32(const tensor_sparse_matrix *a, int64_t piece, int64_t pieces,
                                             int64_t columns, const float *panels, const float *marks, int in_order,
                                             float *c, int64_t ldc) {
    float spare[WIDTH] = {0};  // for the rows that the last group lacks
    int64_t strips = tensor_sparse_strips(columns), groups = (a->rows + GROUP - 1) / GROUP;
    for (int64_t block = 0; block < a->blocks; block++)
        // Results of a chunk stay in the second-level cache for all strips.
        for (int64_t chunk = piece * RUN; chunk < groups; chunk += CHUNK * pieces)
            for (int64_t s = 0; s < strips; s++) {
                int64_t v = strip_start(s, columns), vectors = strip_start(s + 1, columns) - v, firsts[VECTORS] = {0};
                for (int64_t w = 0; w < vectors; w++) firsts[w] = first_column(v + w, columns);
                const float *panel = panels + (s * a->depth + block * a->block_depth) * WIDTH;
                const float *mark = marks + (block * vector_count(columns) + v) * LANES;
                for (int64_t g = chunk; g < smaller(chunk + CHUNK * pieces, groups); g = next_group(g, pieces)) {
                    float *rows[GROUP];
                    for (int64_t i = 0; i < GROUP; i++) {
                        int64_t place = g * GROUP + i, next = smaller(next_group(g, pieces) * GROUP + i, a->rows - 1);
                        rows[i] = place < a->rows ? c + (in_order ? a->order[place] : place) * ldc : spare - firsts[0];
                        float *ahead = c + (in_order ? a->order[next] : next) * ldc + firsts[0];
                        __builtin_prefetch(ahead, 1), __builtin_prefetch(ahead + WIDTH - 1, 1);
                    }
                    int64_t q = a->starts[block * groups + g], entries = a->starts[block * groups + g + 1] - q;
                    const uint16_t *offsets = a->offsets + q;
                    const float *values = a->values + q * GROUP;
                    if (vectors == 2) tile_2(entries, offsets, values, panel, mark, rows, firsts, block > 0);
                    else tile_1(entries, offsets, values, panel, mark, rows, firsts, block > 0);
                }
            }
}

TENSOR_CLONES void tensor_sparse_transpose_f32(const tensor_sparse_matrix *a, int64_t begin, int64_t end,
                                               int64_t columns, const float *c, float *transposed) {
    for (int64_t v = strip_start(begin, columns); v < strip_start(end, columns); v++) {
        int64_t first = first_column(v, columns);
        for (int64_t place = 0; place < a->rows; place++) {
            lanes x = *(const lanes *)(c + place * columns + first);
            float *y = transposed + first * a->rows + a->order[place];
            for (int j = 0; j < LANES; j++) y[j * a->rows] = x[j];
        }
    }
}
