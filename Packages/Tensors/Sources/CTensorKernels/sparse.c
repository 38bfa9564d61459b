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

TENSOR_CLONES void tensor_sparse_pack_f32(const tensor_sparse_matrix *a, int64_t block, tensor_sparse_factor_f32 b,
                                          tensor_sparse_panels_f32 to) {
    int64_t begin = block * a->block_depth, end = smaller(begin + a->block_depth, a->depth), columns = to.columns;
    int64_t strips = tensor_sparse_strips(columns);
    for (int64_t s = 0; s < strips; s++)
        for (int64_t v = strip_start(s, columns); v < strip_start(s + 1, columns); v++) {
            int64_t first = first_column(v, columns);
            float *panel = to.panels + s * a->depth * WIDTH + (v - strip_start(s, columns)) * LANES;
            lanes mark = {0};
            for (int64_t p = begin; p < end; p++) {
                lanes x;
                if (b.column == 1) x = *(const lanes *)(b.elements + p * b.row + first);
                else for (int j = 0; j < LANES; j++) x[j] = b.elements[p * b.row + (first + j) * b.column];
                *(lanes *)(panel + p * WIDTH) = x;
                mark += 0 * x;
            }
            *(lanes *)(to.marks + (block * vector_count(columns) + v) * LANES) = mark;
        }
}

// A group's entries of a block.
typedef struct {
    int64_t count;
    const uint16_t *offsets;
    const float *values;
} entries;

// What a tile writes: the first columns of its vectors in GROUP rows of c, marked or added to.
typedef struct {
    float *rows[GROUP];
    const int64_t *columns;
    const float *marks;
    int adding;
} target;

// c [GROUP rows, vectors] = (c +) marks + entries · panel. A function of its own for each width: all sums stay in
// registers.
TENSOR_INLINE void tile(int vectors, const entries *a, const float *panel, const target *c) {
    lanes sum[GROUP][VECTORS];
    for (int i = 0; i < GROUP; i++)
        for (int v = 0; v < vectors; v++)
            sum[i][v] = c->adding ? *(const lanes *)(c->rows[i] + c->columns[v]) : (lanes){0};
    const uint16_t *offsets = a->offsets;
    const float *values = a->values;
    for (int64_t q = 0, count = a->count; q < count; q++) {
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
            *(lanes *)(c->rows[i] + c->columns[v]) = sum[i][v] + *(const lanes *)(c->marks + v * LANES);
}

TENSOR_CLONES static void tile_1(const entries *a, const float *panel, const target *c) { tile(1, a, panel, c); }
TENSOR_CLONES static void tile_2(const entries *a, const float *panel, const target *c) { tile(2, a, panel, c); }

TENSOR_CLONES void tensor_sparse_product_f32(const tensor_sparse_matrix *a, tensor_sparse_panels_f32 b,
                                             tensor_piece piece, tensor_sparse_result_f32 c) {
    float spare[WIDTH] = {0};  // for the rows that the last group lacks
    int64_t columns = b.columns, pieces = piece.count;
    int64_t strips = tensor_sparse_strips(columns), groups = (a->rows + GROUP - 1) / GROUP;
    for (int64_t block = 0; block < a->blocks; block++)
        // Results of a chunk stay in the second-level cache for all strips.
        for (int64_t chunk = piece.number * RUN; chunk < groups; chunk += CHUNK * pieces)
            for (int64_t s = 0; s < strips; s++) {
                int64_t v = strip_start(s, columns), vectors = strip_start(s + 1, columns) - v, firsts[VECTORS] = {0};
                for (int64_t w = 0; w < vectors; w++) firsts[w] = first_column(v + w, columns);
                const float *panel = b.panels + (s * a->depth + block * a->block_depth) * WIDTH;
                target to = {.columns = firsts, .marks = b.marks + (block * vector_count(columns) + v) * LANES,
                             .adding = block > 0};
                for (int64_t g = chunk; g < smaller(chunk + CHUNK * pieces, groups); g = next_group(g, pieces)) {
                    for (int64_t i = 0; i < GROUP; i++) {
                        int64_t place = g * GROUP + i, next = smaller(next_group(g, pieces) * GROUP + i, a->rows - 1);
                        to.rows[i] = place < a->rows
                                         ? c.elements + (c.in_order ? a->order[place] : place) * c.row
                                         : spare - firsts[0];
                        float *ahead = c.elements + (c.in_order ? a->order[next] : next) * c.row + firsts[0];
                        __builtin_prefetch(ahead, 1), __builtin_prefetch(ahead + WIDTH - 1, 1);
                    }
                    int64_t q = a->starts[block * groups + g];
                    entries some = {a->starts[block * groups + g + 1] - q, a->offsets + q, a->values + q * GROUP};
                    if (vectors == 2) tile_2(&some, panel, &to);
                    else tile_1(&some, panel, &to);
                }
            }
}

TENSOR_CLONES void tensor_sparse_transpose_f32(const tensor_sparse_matrix *a, tensor_range strips, int64_t columns,
                                               const float *c, float *transposed) {
    for (int64_t v = strip_start(strips.begin, columns); v < strip_start(strips.end, columns); v++) {
        int64_t first = first_column(v, columns);
        for (int64_t place = 0; place < a->rows; place++) {
            lanes x = *(const lanes *)(c + place * columns + first);
            float *y = transposed + first * a->rows + a->order[place];
            for (int j = 0; j < LANES; j++) y[j * a->rows] = x[j];
        }
    }
}
