#include "include/kernels.h"
#include "functions.h"

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
