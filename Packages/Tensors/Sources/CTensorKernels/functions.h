// Elementary functions that vectorise: no branches, no calls. Their errors against libm are held in
// ElementaryFunctionTests. After Cephes (Moshier 1992).
#ifndef TENSOR_FUNCTIONS_H
#define TENSOR_FUNCTIONS_H

#include <math.h>
#include <stdint.h>
#include <string.h>
#include "clones.h"

TENSOR_INLINE float bits_to_float(int32_t i) { float f; memcpy(&f, &i, 4); return f; }
TENSOR_INLINE int32_t float_to_bits(float f) { int32_t i; memcpy(&i, &f, 4); return i; }

TENSOR_INLINE float exp_f32(float x) {
    float t = x < -104.0f ? -104.0f : x;
    t = t > 89.0f ? 89.0f : t;
    float n = (t * 1.44269504088896341f + 12582912.0f) - 12582912.0f;  // round to nearest
    float r = (t - n * 0.693359375f) + n * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    // 2ⁿ in two factors, so that n may leave the range of normal exponents.
    int32_t i = (int32_t)n, half = i >> 1;
    return p * bits_to_float((half + 127) << 23) * bits_to_float((i - half + 127) << 23);
}

TENSOR_INLINE float log_f32(float x) {
    int tiny = x < 1.17549435e-38f;
    float scaled = tiny ? x * 8388608.0f : x;
    int32_t bits = float_to_bits(scaled);
    int32_t exponent = ((bits >> 23) & 255) - 126 - (tiny ? 23 : 0);
    float m = bits_to_float((bits & 0x007fffff) | 0x3f000000);  // [0.5, 1)
    int low = m < 0.707106781186547524f;
    float e = (float)(exponent - (low ? 1 : 0));
    float r = low ? m + m - 1.0f : m - 1.0f;
    float z = r * r;
    float p = 7.0376836292e-2f;
    p = p * r - 1.1514610310e-1f;
    p = p * r + 1.1676998740e-1f;
    p = p * r - 1.2420140846e-1f;
    p = p * r + 1.4249322787e-1f;
    p = p * r - 1.6668057665e-1f;
    p = p * r + 2.0000714765e-1f;
    p = p * r - 2.4999993993e-1f;
    p = p * r + 3.3333331174e-1f;
    float y = p * r * z - 2.12194440e-4f * e - 0.5f * z;
    y = (r + y) + 0.693359375f * e;
    y = x == 0.0f ? -INFINITY : y;
    y = x == INFINITY ? INFINITY : y;
    return x >= 0.0f ? y : NAN;
}

// Sine and cosine share the reduction by multiples of π/2; good for |x| < 8192, beyond which the callers take libm's.
typedef struct { float sine, cosine; } sine_cosine_f32;

TENSOR_INLINE sine_cosine_f32 sine_cosine_of_f32(float x) {
    float n = (x * 0.636619772367581343f + 12582912.0f) - 12582912.0f;
    int32_t q = (int32_t)n;
    float r = ((x - n * 1.5703125f) - n * 4.837512969970703125e-4f) - n * 7.54978995489188e-8f;
    float z = r * r;
    float s = ((-1.9515295891e-4f * z + 8.3321608736e-3f) * z - 1.6666654611e-1f) * z * r + r;
    float c = ((2.443315711809948e-5f * z - 1.388731625493765e-3f) * z + 4.166664568298827e-2f) * z * z - 0.5f * z
              + 1.0f;
    float sine = (q & 1) ? c : s, cosine = (q & 1) ? s : c;
    return (sine_cosine_f32){(q & 2) ? -sine : sine, ((q + 1) & 2) ? -cosine : cosine};
}

// The same in float64; good for |x| < 1e6. After fdlibm (Sun Microsystems 1993): π/2 in three parts of 33 bits and a
// remainder.
typedef struct { double sine, cosine; } sine_cosine_f64;

TENSOR_INLINE sine_cosine_f64 sine_cosine_of_f64(double x) {
    double n = (x * 0.63661977236758134308 + 6755399441055744.0) - 6755399441055744.0;
    int32_t q = (int32_t)n;
    double r = ((x - n * 1.57079632673412561417) - n * 6.07710050630396597660e-11) - n * 2.02226624879595063154e-21;
    double z = r * r;
    double s = ((((1.58969099521155010221e-10 * z - 2.50507602534068634195e-8) * z + 2.75573137070700676789e-6) * z
                 - 1.98412698298579493134e-4) * z + 8.33333333332248946124e-3) * z - 1.66666666666666324348e-1;
    double c = ((((-1.13596475577881948265e-11 * z + 2.08757232129817482790e-9) * z - 2.75573143513906633035e-7) * z
                 + 2.48015872894767294178e-5) * z - 1.38888888888741095749e-3) * z + 4.16666666666666019037e-2;
    s = s * z * r + r;
    double h = 0.5 * z, w = 1.0 - h;
    c = w + (((1.0 - w) - h) + z * z * c);
    double sine = (q & 1) ? c : s, cosine = (q & 1) ? s : c;
    return (sine_cosine_f64){(q & 2) ? -sine : sine, ((q + 1) & 2) ? -cosine : cosine};
}

TENSOR_INLINE float sigmoid_f32(float x) { return 1.0f / (1.0f + exp_f32(-x)); }

TENSOR_INLINE float tanh_f32(float x) {
    float a = fabsf(x), z = x * x;
    float p = -5.70498872745e-3f;
    p = p * z + 2.06390887954e-2f;
    p = p * z - 5.37397155531e-2f;
    p = p * z + 1.33314422036e-1f;
    p = p * z - 3.33332819422e-1f;
    float small = p * z * x + x;
    float large = 1.0f - 2.0f / (exp_f32(a + a) + 1.0f);
    return a < 0.625f ? small : (x < 0 ? -large : large);
}

TENSOR_INLINE float log1p_f32(float x) {
    float w = 1.0f + x;
    float y = log_f32(w) * (x / (w - 1.0f));  // Kahan's correction of log(1 + x)
    y = w == 1.0f ? x : y;
    return w == INFINITY || w <= 0.0f ? log_f32(w) : y;
}

TENSOR_INLINE float expm1_f32(float x) {
    float u = exp_f32(x), d = u - 1.0f;
    float y = d * (x / log_f32(u));  // the same correction of eˣ - 1
    y = u == 1.0f ? x : y;
    return x > 80.0f ? u : u < 1e-8f ? -1.0f : y;
}

TENSOR_INLINE float softplus_f32(float x) {
    float u = exp_f32(-fabsf(x)), w = 1.0f + u;
    float log1p = w == 1.0f ? u : log_f32(w) * (u / (w - 1.0f));  // Kahan's correction of log(1 + u)
    return (x > 0 ? x : 0.0f) + log1p;  // which is not a number where x is not
}

TENSOR_INLINE double sigmoid_f64(double x) { return 1.0 / (1.0 + exp(-x)); }
TENSOR_INLINE double softplus_f64(double x) { return (x > 0 ? x : 0.0) + log1p(exp(-fabs(x))); }

#endif
