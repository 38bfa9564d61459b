#include "include/kernels.h"
#include "vectors.h"

// Three rows share the list of columns where any of them is not zero, so that each vector of b serves three
// multiply-adds: with one row a list the loads of b are the limit, with more the lists fill up. All registers hold sums
// but those of the vectors at hand, so that a strip of b is 7 vectors of 16 wide where the machine has them, 4 of 8
// elsewhere. For a block of depth a strip lies in a near cache: the second-level one where vectors are long enough for
// it (longer blocks load and store less of c), the nearest elsewhere. Each sum is made in the order of its entries: its
// bits depend neither on the vectors nor on groups or blocks.

enum { GROUP = TENSOR_SPARSE_GROUP, RUN = 8, CHUNK = 96 };
enum { VECTORS = 4, DEPTH = 256, WIDE_LANES = 16, WIDE_VECTORS = 7, WIDE_DEPTH = 800 };
enum { LINE = 16 };  // elements of a line of the cache

#if defined(__x86_64__) && defined(__linux__)
// Without the second attribute the compiler makes two vectors of 8 of one of 16.
#define WIDE __attribute__((target("arch=x86-64-v4"), min_vector_width(512)))
static int has_wide_vectors(void) { return __builtin_cpu_supports("x86-64-v4") != 0; }
#else
#define WIDE
static int has_wide_vectors(void) { return 0; }
#endif
typedef float wide_lanes __attribute__((vector_size(4 * WIDE_LANES), aligned(4)));

int64_t tensor_sparse_depth(void) { return has_wide_vectors() ? WIDE_DEPTH : DEPTH; }

tensor_sparse_cut tensor_sparse_cut_of(int64_t columns) {
    int isWide = columns >= WIDE_LANES && has_wide_vectors();
    int64_t lanes = isWide ? WIDE_LANES : LANES, most = isWide ? WIDE_VECTORS : VECTORS;
    int64_t vectors = (columns + lanes - 1) / lanes;
    return (tensor_sparse_cut){columns, lanes, vectors, (vectors + most - 1) / most, most * lanes};
}

// Vectors are shared out among the strips. The last one ends at the last column: it may repeat columns of the one
// before, which then lies in the same strip, to the same bits.
TENSOR_INLINE int64_t first_column(int64_t vector, tensor_sparse_cut cut) {
    return smaller(vector * cut.lanes, cut.columns - cut.lanes);
}
TENSOR_INLINE int64_t strip_start(int64_t strip, tensor_sparse_cut cut) { return cut.vectors * strip / cut.strips; }

// Pieces take runs of groups in turn.
TENSOR_INLINE int64_t next_group(int64_t group, int64_t pieces) {
    return group % RUN == RUN - 1 ? group + 1 + (pieces - 1) * RUN : group + 1;
}

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
    int64_t begin = block * a->block_depth, end = smaller(begin + a->block_depth, a->depth);
    tensor_sparse_cut cut = to.cut;
    for (int64_t s = 0; s < cut.strips; s++)
        for (int64_t v = strip_start(s, cut); v < strip_start(s + 1, cut); v++)
            for (int64_t half = 0; half < cut.lanes; half += LANES) {
                int64_t first = first_column(v, cut) + half;
                float *panel = to.panels + s * a->depth * cut.width + (v - strip_start(s, cut)) * cut.lanes + half;
                lanes mark = {0};
                for (int64_t p = begin; p < end; p++) {
                    lanes x;
                    if (b.column == 1) x = *(const lanes *)(b.elements + p * b.row + first);
                    else for (int j = 0; j < LANES; j++) x[j] = b.elements[p * b.row + (first + j) * b.column];
                    *(lanes *)(panel + p * cut.width) = x;
                    mark += 0 * x;
                }
                *(lanes *)(to.marks + (block * cut.vectors + v) * cut.lanes + half) = mark;
            }
}

// A group's entries of a block.
typedef struct {
    int64_t count;
    const uint16_t *columns;
    const float *values;
} entries;

// What a tile writes: the first columns of its vectors in GROUP rows of c, marked or added to.
typedef struct {
    float *rows[GROUP];
    const int64_t *columns;
    const float *marks;
    int adding;
} target;

// c [GROUP rows, vectors] = (c +) marks + entries · panel. A function of its own for each number of vectors. All loops
// but that of the entries are unrolled, which the compiler has to be told of: sums stay in registers only then.
#define EACH(I, COUNT) _Pragma("clang loop unroll(full)") for (int I = 0; I < COUNT; I++)
#define TILE(NAME, T, COUNT, WIDTH, WITH) \
    WITH static void NAME(const entries *a, const float *panel, const target *c) { \
        enum { SIZE = sizeof(T) / sizeof(float) }; \
        T sum[GROUP][COUNT]; \
        EACH(i, GROUP) \
            EACH(v, COUNT) sum[i][v] = (T){0}; \
        if (c->adding) \
            EACH(i, GROUP) \
                EACH(v, COUNT) sum[i][v] = *(const T *)(c->rows[i] + c->columns[v]); \
        const uint16_t *columns = a->columns; \
        const float *values = a->values; \
        for (int64_t q = 0, count = a->count; q < count; q++) { \
            const float *at = panel + columns[q] * (int64_t)(WIDTH); \
            float x[GROUP]; \
            EACH(i, GROUP) x[i] = values[q * GROUP + i]; \
            EACH(v, COUNT) { \
                T b = *(const T *)(at + v * SIZE); \
                EACH(i, GROUP) sum[i][v] += x[i] * b; \
            } \
        } \
        EACH(i, GROUP) \
            EACH(v, COUNT) *(T *)(c->rows[i] + c->columns[v]) = sum[i][v] + *(const T *)(c->marks + v * SIZE); \
    }
#define NARROW_TILE(COUNT) TILE(tile_##COUNT, lanes, COUNT, VECTORS * LANES, TENSOR_CLONES)
#define WIDE_TILE(COUNT) TILE(wide_tile_##COUNT, wide_lanes, COUNT, WIDE_VECTORS * WIDE_LANES, WIDE)
NARROW_TILE(1) NARROW_TILE(2) NARROW_TILE(3) NARROW_TILE(4)
WIDE_TILE(1) WIDE_TILE(2) WIDE_TILE(3) WIDE_TILE(4) WIDE_TILE(5) WIDE_TILE(6) WIDE_TILE(7)

typedef void (*tile_function)(const entries *a, const float *panel, const target *c);
static const tile_function tiles[] = {tile_1, tile_2, tile_3, tile_4};
static const tile_function wide_tiles[] = {wide_tile_1, wide_tile_2, wide_tile_3, wide_tile_4,
                                           wide_tile_5, wide_tile_6, wide_tile_7};

void tensor_sparse_product_f32(const tensor_sparse_matrix *a, tensor_sparse_panels_f32 b, tensor_piece piece,
                               tensor_sparse_result_f32 c) {
    float spare[WIDE_VECTORS * WIDE_LANES] = {0};  // for the rows that the last group lacks
    tensor_sparse_cut cut = b.cut;
    int64_t pieces = piece.count, groups = (a->rows + GROUP - 1) / GROUP;
    for (int64_t block = 0; block < a->blocks; block++)
        // Results of a chunk stay in the second-level cache for all strips.
        for (int64_t chunk = piece.number * RUN; chunk < groups; chunk += CHUNK * pieces)
            for (int64_t s = 0; s < cut.strips; s++) {
                int64_t v = strip_start(s, cut), vectors = strip_start(s + 1, cut) - v, firsts[WIDE_VECTORS] = {0};
                for (int64_t w = 0; w < vectors; w++) firsts[w] = first_column(v + w, cut);
                const float *panel = b.panels + (s * a->depth + block * a->block_depth) * cut.width;
                tile_function tile = (cut.lanes == LANES ? tiles : wide_tiles)[vectors - 1];
                target to = {.columns = firsts, .marks = b.marks + (block * cut.vectors + v) * cut.lanes,
                             .adding = block > 0};
                for (int64_t g = chunk; g < smaller(chunk + CHUNK * pieces, groups); g = next_group(g, pieces)) {
                    for (int64_t i = 0; i < GROUP; i++) {
                        int64_t place = g * GROUP + i, next = smaller(next_group(g, pieces) * GROUP + i, a->rows - 1);
                        to.rows[i] = place < a->rows
                                         ? c.elements + (c.in_order ? a->order[place] : place) * c.row
                                         : spare - firsts[0];
                        float *ahead = c.elements + (c.in_order ? a->order[next] : next) * c.row + firsts[0];
                        for (int64_t j = 0; j < vectors * cut.lanes; j += LINE) __builtin_prefetch(ahead + j, 1);
                        __builtin_prefetch(ahead + vectors * cut.lanes - 1, 1);
                    }
                    int64_t q = a->starts[block * groups + g];
                    entries some = {a->starts[block * groups + g + 1] - q, a->columns + q, a->values + q * GROUP};
                    tile(&some, panel, &to);
                }
            }
}

TENSOR_CLONES void tensor_sparse_transpose_f32(const tensor_sparse_matrix *a, tensor_range strips,
                                               tensor_sparse_cut cut, const float *c, float *transposed) {
    for (int64_t v = strip_start(strips.begin, cut); v < strip_start(strips.end, cut); v++)
        for (int64_t half = 0; half < cut.lanes; half += LANES) {
            int64_t first = first_column(v, cut) + half;
            for (int64_t place = 0; place < a->rows; place++) {
                lanes x = *(const lanes *)(c + place * cut.columns + first);
                float *y = transposed + first * a->rows + a->order[place];
                for (int j = 0; j < LANES; j++) y[j * a->rows] = x[j];
            }
        }
}
