#include "include/kernels.h"
#include "functions.h"

#define NAME2(a, b) a##_##b
#define NAME1(a, b) NAME2(a, b)
#define NAME(a) NAME1(a, SUFFIX)

// Small enough for our own reduction of angles; NaN is not. Each element is decided by itself: its bits don't depend on
// the others'.
#define IS_NEAR(x) (ABS(x) < SINE_LIMIT)

// Of a chain that runs once (fused.inc). All registers of a chain together stay in the first-level cache: blocks of 512
// elements, fewer when there are many registers.
enum { BLOCK = 512, REGISTERS = TENSOR_REGISTERS, SCRATCH_BYTES = 20480 };

// Of a small chain that runs again and again (repeated.inc).
enum {
    COUNT = 8,    // elements; with more, the vectors of a single run pay for its preparations
    LINKS = 256,  // operations
    MOVES = 64,   // pointers that move between repetitions
    CODES = (TENSOR_SIN_COS + 1) * 4
};
// The lower two bits of a code, below the opcode: whether operands a and b are what the operation before it computed.
enum { A_IS_LAST = 1, B_IS_LAST = 2 };

#define SUFFIX f32
#define T float
#define EXP exp_f32
#define LOG log_f32
#define TANH tanh_f32
#define SIGMOID sigmoid_f32
#define SOFTPLUS softplus_f32
#define ERF erff
#define LOG1P log1p_f32
#define EXPM1 expm1_f32
#define POWER powf
#define SQRT sqrtf
#define ABS fabsf
#define SINE_COSINE(x) sine_cosine_of_f32(x)
#define PAIR sine_cosine_f32
#define SINE_LIMIT 8192
#include "fused.inc"
#include "repeated.inc"
#undef SUFFIX
#undef T
#undef EXP
#undef LOG
#undef TANH
#undef SIGMOID
#undef SOFTPLUS
#undef ERF
#undef LOG1P
#undef EXPM1
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
#define LOG1P log1p
#define EXPM1 expm1
#define POWER pow
#define SQRT sqrt
#define ABS fabs
#define SINE_COSINE(x) sine_cosine_of_f64(x)
#define PAIR sine_cosine_f64
#define SINE_LIMIT 1e6
#include "fused.inc"
#include "repeated.inc"
