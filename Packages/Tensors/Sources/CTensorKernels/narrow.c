#include "include/kernels.h"
#include "vectors.h"

// What limits a product with few columns is reading the long factor once: the rows that come AHEAD are prefetched while
// others are worked on, and a panel of the short factor stays in the nearest cache.

enum { AHEAD = 16, PANEL = 4096 };
typedef int32_t mask __attribute__((vector_size(4 * LANES), aligned(4)));

TENSOR_INLINE float total(const lanes *v) {
    float even = ((*v)[0] + (*v)[4]) + ((*v)[2] + (*v)[6]), odd = ((*v)[1] + (*v)[5]) + ((*v)[3] + (*v)[7]);
    return even + odd;
}

// c += a [m, depth] · bᵀ, b [n, depth], whose rows lie lda, ldb and ldc elements apart; ahead: how far from a the rows
// to prefetch lie, or 0. depth ≥ LANES.
typedef struct {
    int64_t depth;
    const float *a;
    int64_t lda, ahead;
    const float *b;
    int64_t ldb;
    float *c;
    int64_t ldc;
} narrow;

// The first rows and columns of c. Their numbers are constants where this is inlined.
TENSOR_INLINE void tile(int rows, int columns, narrow t) {
    lanes sum[2][5] = {{{0}}};
    int64_t p = 0;
    for (; p + LANES <= t.depth; p += LANES) {
        lanes x[2];
        if (t.ahead) __builtin_prefetch(t.a + (p / LANES & 1) * t.lda + t.ahead + p, 0, 2);
        for (int i = 0; i < rows; i++) x[i] = *(const lanes *)(t.a + i * t.lda + p);
        for (int j = 0; j < columns; j++) {
            lanes y = *(const lanes *)(t.b + j * t.ldb + p);
            for (int i = 0; i < rows; i++) sum[i][j] += x[i] * y;
        }
    }
    if (p < t.depth) {  // the last whole vector, less what was counted
        mask x[2], rest;
        for (int w = 0; w < LANES; w++) rest[w] = w >= LANES - (t.depth - p) ? -1 : 0;
        p = t.depth - LANES;
        for (int i = 0; i < rows; i++) x[i] = *(const mask *)(t.a + i * t.lda + p) & rest;
        for (int j = 0; j < columns; j++) {
            mask y = *(const mask *)(t.b + j * t.ldb + p) & rest;
            for (int i = 0; i < rows; i++) sum[i][j] += (lanes)x[i] * (lanes)y;
        }
    }
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++) t.c[i * t.ldc + j] += total(&sum[i][j]);
}

TENSOR_INLINE void tiles(int rows, int64_t columns, narrow t) {
    // As few tiles as possible, of like widths.
    for (int64_t left = (columns + 4) / 5; left > 0; left--) {
        int64_t width = (columns + left - 1) / left;
        switch (width) {
        case 5: tile(rows, 5, t); break;
        case 4: tile(rows, 4, t); break;
        case 3: tile(rows, 3, t); break;
        case 2: tile(rows, 2, t); break;
        default: tile(rows, 1, t);
        }
        columns -= width, t.b += width * t.ldb, t.c += width, t.ahead = 0;
    }
}

TENSOR_CLONES void tensor_product_few_columns_f32(tensor_extents extents, tensor_matrix_f32 left,
                                                  tensor_matrix_f32 right, float *c, int64_t ldc) {
    int64_t m = extents.m, n = extents.n, k = extents.k, lda = left.row, ldb = right.row;
    const float *a = left.elements, *b = right.elements;
    float panel[PANEL + 2 * LANES * TENSOR_FEW_COLUMNS];
    int64_t panels = (k * n + PANEL - 1) / PANEL, depth = (k / panels + LANES) / LANES * LANES;
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++) c[i * ldc + j] = 0;
    for (int64_t p = 0, some; p < k; p += some) {
        some = k - p < depth + LANES ? k - p : depth;  // no last panel shorter than a vector
        int64_t i = 0, row = right.transposed ? ldb : some;
        const float *y = right.transposed ? b + p : panel;
        if (!right.transposed)
            for (int64_t q = 0; q < some; q++)
                for (int64_t j = 0; j < n; j++) panel[j * some + q] = b[(p + q) * ldb + j];
        narrow t = {.depth = some, .a = a + p, .lda = lda, .ahead = AHEAD * lda, .b = y, .ldb = row, .c = c,
                    .ldc = ldc};
        for (; i + 2 <= m; i += 2, t.a += 2 * lda, t.c += 2 * ldc) tiles(2, n, t);
        t.ahead = 0;
        if (i < m) tiles(1, n, t);
    }
}

// The gradient of a classifier's weights: few rows, a long sum. b passes once, in order; the sums stay in the nearest
// cache.
enum { STRIP = 2 * LANES, BLOCK = 128 };

// sums += aᵀ · b, a [depth, …], b [depth, STRIP], whose rows lie lda, ldb and width elements apart.
typedef struct {
    int64_t depth;
    const float *a;
    int64_t lda;
    const float *b;
    int64_t ldb;
    float *sums;
    int64_t width;
} flat;

// The first rows of the sums. Their number is a constant where this is inlined.
TENSOR_INLINE void flat_tile(int rows, flat t) {
    lanes sum[6][2];
    for (int i = 0; i < rows; i++)
        for (int v = 0; v < 2; v++) sum[i][v] = *(const lanes *)(t.sums + i * t.width + v * LANES);
    for (int64_t p = 0; p < t.depth; p++) {
        lanes y[2] = {*(const lanes *)(t.b + p * t.ldb), *(const lanes *)(t.b + p * t.ldb + LANES)};
        for (int i = 0; i < rows; i++) {
            float x = t.a[p * t.lda + i];
            for (int v = 0; v < 2; v++) sum[i][v] += x * y[v];
        }
    }
    for (int i = 0; i < rows; i++)
        for (int v = 0; v < 2; v++) *(lanes *)(t.sums + i * t.width + v * LANES) = sum[i][v];
}

int64_t tensor_few_rows_width(int64_t n) { return (n + STRIP - 1) / STRIP * STRIP; }

// The last strip ends at the last column: it repeats columns of the one before, to the same bits.
TENSOR_INLINE int64_t strip_column(int64_t strip, int64_t n) { return smaller(strip, n - STRIP); }

TENSOR_CLONES void tensor_product_few_rows_f32(tensor_extents extents, tensor_matrix_f32 left, tensor_matrix_f32 right,
                                               float *sums) {
    int64_t m = extents.m, n = extents.n, k = extents.k, lda = left.row, ldb = right.row;
    const float *a = left.elements, *b = right.elements;
    int64_t width = tensor_few_rows_width(n);
    for (int64_t i = 0; i < m * width; i++) sums[i] = 0;
    for (int64_t p = 0; p < k; p += BLOCK) {
        int64_t depth = smaller(BLOCK, k - p);
        for (int64_t j = 0; j < n; j += STRIP)
            for (int64_t i = 0, rows; i < m; i += rows) {
                int64_t left = (m - i + 5) / 6;  // as few tiles as possible, of like heights
                flat t = {.depth = depth, .a = a + p * lda + i, .lda = lda, .b = b + p * ldb + strip_column(j, n),
                          .ldb = ldb, .sums = sums + i * width + j, .width = width};
                switch (rows = (m - i + left - 1) / left) {
                case 6: flat_tile(6, t); break;
                case 5: flat_tile(5, t); break;
                case 4: flat_tile(4, t); break;
                case 3: flat_tile(3, t); break;
                case 2: flat_tile(2, t); break;
                default: flat_tile(1, t);
                }
            }
    }
}

TENSOR_CLONES void tensor_few_rows_total_f32(int64_t m, int64_t n, int64_t pieces, const float *sums, float *c) {
    int64_t width = tensor_few_rows_width(n);
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j += STRIP)
            for (int64_t s = 0; s < STRIP; s++) {
                float total = sums[i * width + j + s];
                for (int64_t piece = 1; piece < pieces; piece++) total += sums[(piece * m + i) * width + j + s];
                c[i * n + strip_column(j, n) + s] = total;
            }
}
