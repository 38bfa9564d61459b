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
#define SINE sine_of_octant_f32
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
#undef SINE
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
#define SINE sine_of_octant_f64
#define SINE_LIMIT 1e6
#include "fused.inc"
