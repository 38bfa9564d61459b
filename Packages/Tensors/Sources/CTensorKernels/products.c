#include "include/kernels.h"
#include "vectors.h"

// Blocked as by Goto and van de Geijn (2008): panels of a and b are copied so that the inner loop reads both in order.
enum { ROWS = 4, COLUMNS = 16, DEPTH = 256, BAND = 64, STRIP = 256 };

// t [ROWS, COLUMNS] = a panel [depth, ROWS] · b panel [depth, COLUMNS].
TENSOR_INLINE void tile(int64_t depth, const double *a, const double *b, double t[ROWS][COLUMNS]) {
    double s[ROWS][COLUMNS] = {{0}};
    for (int64_t p = 0; p < depth; p++)
        for (int i = 0; i < ROWS; i++)
            for (int j = 0; j < COLUMNS; j++) s[i][j] += a[p * ROWS + i] * b[p * COLUMNS + j];
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < COLUMNS; j++) t[i][j] = s[i][j];
}

TENSOR_CLONES void tensor_product_f64(tensor_extents extents, tensor_matrix_f64 left, tensor_matrix_f64 right,
                                      double *c, int64_t ldc) {
    int64_t m = extents.m, n = extents.n, k = extents.k, lda = left.row, ldb = right.row;
    const double *a = left.elements, *b = right.elements;
    double a_panels[BAND * DEPTH] __attribute__((aligned(64))), b_panels[STRIP * DEPTH] __attribute__((aligned(64)));
    int64_t a_row = left.transposed ? 1 : lda, a_column = left.transposed ? lda : 1;
    int64_t b_row = right.transposed ? 1 : ldb, b_column = right.transposed ? ldb : 1;
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++) c[i * ldc + j] = 0;
    for (int64_t j0 = 0; j0 < n; j0 += STRIP) {
        int64_t width = smaller(STRIP, n - j0);
        for (int64_t p0 = 0; p0 < k; p0 += DEPTH) {
            int64_t depth = smaller(DEPTH, k - p0);
            for (int64_t j = 0; j < width; j += COLUMNS)
                for (int64_t p = 0; p < depth; p++)
                    for (int64_t s = 0; s < COLUMNS; s++)
                        b_panels[j * depth + p * COLUMNS + s] =
                            j + s < width ? b[(p0 + p) * b_row + (j0 + j + s) * b_column] : 0;
            for (int64_t i0 = 0; i0 < m; i0 += BAND) {
                int64_t height = smaller(BAND, m - i0);
                for (int64_t i = 0; i < height; i += ROWS)
                    for (int64_t p = 0; p < depth; p++)
                        for (int64_t r = 0; r < ROWS; r++)
                            a_panels[i * depth + p * ROWS + r] =
                                i + r < height ? a[(i0 + i + r) * a_row + (p0 + p) * a_column] : 0;
                for (int64_t j = 0; j < width; j += COLUMNS)
                    for (int64_t i = 0; i < height; i += ROWS) {
                        double t[ROWS][COLUMNS];
                        tile(depth, a_panels + i * depth, b_panels + j * depth, t);
                        for (int64_t r = 0; r < ROWS && i + r < height; r++)
                            for (int64_t s = 0; s < COLUMNS && j + s < width; s++)
                                c[(i0 + i + r) * ldc + j0 + j + s] += t[r][s];
                    }
            }
        }
    }
}
