#include "include/kernels.h"
#include "functions.h"

enum { BLOCK = 512, REGISTERS = 48 };

#define SUFFIX f32
#define T float
#define EXP exp_f32
#define LOG log_f32
#define TANH tanh_f32
#define SIGMOID sigmoid_f32
#define SOFTPLUS softplus_f32
#define ERF erff
#define POWER powf
#define SQRT sqrtf
#define ABS fabsf
#define FLOAT32 1
#include "fused.inc"
#undef SUFFIX
#undef T
#undef EXP
#undef LOG
#undef TANH
#undef SIGMOID
#undef SOFTPLUS
#undef ERF
#undef POWER
#undef SQRT
#undef ABS
#undef FLOAT32

#define SUFFIX f64
#define T double
#define EXP exp
#define LOG log
#define TANH tanh
#define SIGMOID sigmoid_f64
#define SOFTPLUS softplus_f64
#define ERF erf
#define POWER pow
#define SQRT sqrt
#define ABS fabs
#define FLOAT32 0
#include "fused.inc"
