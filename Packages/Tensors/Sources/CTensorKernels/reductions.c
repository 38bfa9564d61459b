#include "include/kernels.h"
#include "functions.h"

int64_t tensor_sum_part_rows(int64_t reduced) {
    int64_t rows = 128;
    while (rows * 128 < reduced && rows < (int64_t)128 * 128 * 128) rows *= 128;
    return rows;
}

#define SUFFIX f32
#define T float
#define EXP exp_f32
#define LOG log_f32
#include "reductions.inc"
#undef SUFFIX
#undef T
#undef EXP
#undef LOG

#define SUFFIX f64
#define T double
#define EXP exp
#define LOG log
#include "reductions.inc"
