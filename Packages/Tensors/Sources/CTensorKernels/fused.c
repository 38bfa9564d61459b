#include "include/kernels.h"
#include "functions.h"

// All registers of a chain together stay in the first-level cache: blocks of 512 elements, fewer when there are many registers.
enum { BLOCK = 512, REGISTERS = TENSOR_REGISTERS, SCRATCH_BYTES = 20480 };

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
#define SINE_COSINE(x) sine_cosine_of_f32(x)
#define PAIR sine_cosine_f32
#define SINE_LIMIT 8192
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
#undef SINE_COSINE
#undef PAIR
#undef SINE_LIMIT

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
#define SINE_COSINE(x) sine_cosine_of_f64(x)
#define PAIR sine_cosine_f64
#define SINE_LIMIT 1e6
#include "fused.inc"
