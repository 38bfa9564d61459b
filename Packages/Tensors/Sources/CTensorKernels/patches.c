#include "include/kernels.h"
#include "clones.h"
#include <string.h>

// Rows of patches: row (image, i, j) holds the window of x [image, height, width, channels] that the output at (i, j)
// sees, zeros outside. A window's row is one run of memory, because channels and columns lie next to each other.

// Constant sizes become a few moves; these are windows of three columns over one and three channels.
#define COPY_RUN(SUFFIX, T) \
    TENSOR_INLINE void copy_run_##SUFFIX(T *to, const T *from, int64_t count) { \
        switch (count) { \
        case 3: memcpy(to, from, 3 * sizeof(T)); break; \
        case 9: memcpy(to, from, 9 * sizeof(T)); break; \
        default: memcpy(to, from, (size_t)count * sizeof(T)); \
        } \
    }

// Position of row `row`, and the next one without divisions.
#define POSITION \
    int64_t j = positions.begin % w->output_width, i = positions.begin / w->output_width % w->output_height; \
    int64_t image = positions.begin / w->output_width / w->output_height
#define ADVANCE \
    if (++j == w->output_width) { j = 0; if (++i == w->output_height) { i = 0; image++; } }

#define PATCHES(SUFFIX, T) \
    COPY_RUN(SUFFIX, T) \
    TENSOR_CLONES void tensor_patches_##SUFFIX(const tensor_windows *w, tensor_range positions, const T *x, \
                                               T *patches) { \
        int64_t run = w->kernel_width * w->channels, row_stride = w->width * w->channels; \
        POSITION; \
        for (int64_t row = positions.begin; row < positions.end; row++) { \
            int64_t left = j * w->stride - w->padding, top = i * w->stride - w->padding; \
            int64_t from = left < 0 ? -left : 0; \
            int64_t to = left + w->kernel_width > w->width ? w->width - left : w->kernel_width; \
            const T *source = x + (image * w->height + top) * row_stride + left * w->channels; \
            if (from == 0 && to == w->kernel_width && top >= 0 && top + w->kernel_height <= w->height) { \
                for (int64_t r = 0; r < w->kernel_height; r++, patches += run, source += row_stride) \
                    copy_run_##SUFFIX(patches, source, run); \
            } else for (int64_t r = 0; r < w->kernel_height; r++, patches += run, source += row_stride) { \
                if (top + r < 0 || top + r >= w->height || from >= to) { \
                    memset(patches, 0, (size_t)run * sizeof(T)); \
                    continue; \
                } \
                if (from > 0) memset(patches, 0, (size_t)(from * w->channels) * sizeof(T)); \
                memcpy(patches + from * w->channels, source + from * w->channels, \
                       (size_t)((to - from) * w->channels) * sizeof(T)); \
                if (to < w->kernel_width) \
                    memset(patches + to * w->channels, 0, (size_t)((w->kernel_width - to) * w->channels) * sizeof(T)); \
            } \
            ADVANCE \
        } \
    } \
    void tensor_add_patches_##SUFFIX(const tensor_windows *w, tensor_range positions, const T *patches, T *x) { \
        int64_t run = w->kernel_width * w->channels, row_stride = w->width * w->channels; \
        POSITION; \
        for (int64_t row = positions.begin; row < positions.end; row++) { \
            int64_t left = j * w->stride - w->padding, top = i * w->stride - w->padding; \
            int64_t from = left < 0 ? -left : 0; \
            int64_t to = left + w->kernel_width > w->width ? w->width - left : w->kernel_width; \
            for (int64_t r = 0; r < w->kernel_height; r++, patches += run) { \
                if (top + r < 0 || top + r >= w->height) continue; \
                T *target = x + (image * w->height + top + r) * row_stride + left * w->channels; \
                for (int64_t c = from * w->channels; c < to * w->channels; c++) target[c] += patches[c]; \
            } \
            ADVANCE \
        } \
    } \
    TENSOR_CLONES void tensor_rotate_weight_##SUFFIX(int64_t taps, int64_t inputs, int64_t outputs, const T *weight, \
                                                     T *rotated) { \
        enum { SIDE = 16 }; \
        for (int64_t tap = 0; tap < taps; tap++) { \
            const T *from = weight + tap * inputs * outputs; \
            T *to = rotated + (taps - 1 - tap) * inputs * outputs; \
            for (int64_t a = 0; a < inputs; a += SIDE) for (int64_t b = 0; b < outputs; b += SIDE) \
                for (int64_t o = b; o < b + SIDE && o < outputs; o++) \
                    for (int64_t c = a; c < a + SIDE && c < inputs; c++) to[o * inputs + c] = from[c * outputs + o]; \
        } \
    }

PATCHES(f32, float)
PATCHES(f64, double)

// Windows of max pooling. The place of the largest element of x (the first of equals) decides; outside x there is
// nothing. Channels lie side by side, so that every loop over them vectorises: `which` is the number of the place
// within the window.

enum { CHANNELS = 256 };

// For each place of the window that lies in x: `number` within the window, `pixel` its first channel of those at hand.
#define EACH_PLACE(BODY) \
    for (int64_t r = 0; r < w->kernel_height; r++) for (int64_t s = 0; s < w->kernel_width; s++) { \
        int64_t below = i * w->stride - w->padding + r, right = j * w->stride - w->padding + s; \
        if (below < 0 || below >= w->height || right < 0 || right >= w->width) continue; \
        int64_t pixel = ((image * w->height + below) * w->width + right) * w->channels + first; \
        int32_t number = (int32_t)(r * w->kernel_width + s); \
        (void)number; \
        BODY \
    }

// The places of the window at `row`: bytes where all numbers fit, each row of them to a multiple of four.
TENSOR_INLINE int has_small_places(const tensor_windows *w) { return w->kernel_height * w->kernel_width <= 256; }
TENSOR_INLINE int64_t place_of(const tensor_windows *w, int64_t row, int64_t first) {
    return has_small_places(w) ? row * ((w->channels + 3) / 4 * 4) + first : row * w->channels + first;
}

TENSOR_INLINE void read_places(const tensor_windows *w, const void *places, int64_t at, int64_t n, int32_t *which) {
    if (has_small_places(w)) for (int64_t c = 0; c < n; c++) which[c] = ((const uint8_t *)places)[at + c];
    else memcpy(which, (const int32_t *)places + at, (size_t)n * sizeof(int32_t));
}

TENSOR_INLINE void write_places(const tensor_windows *w, const int32_t *which, int64_t at, int64_t n, void *places) {
    if (has_small_places(w)) for (int64_t c = 0; c < n; c++) ((uint8_t *)places)[at + c] = (uint8_t)which[c];
    else memcpy((int32_t *)places + at, which, (size_t)n * sizeof(int32_t));
}

#define FIND(T) \
    T largest[CHANNELS]; \
    int32_t which[CHANNELS]; \
    int found = 0; \
    EACH_PLACE( \
        if (!found) for (int64_t c = 0; c < n; c++) { largest[c] = x[pixel + c]; which[c] = number; } \
        else for (int64_t c = 0; c < n; c++) { \
            int larger = !(x[pixel + c] <= largest[c]) && largest[c] == largest[c]; /* NaN wins, the first of them */ \
            largest[c] = larger ? x[pixel + c] : largest[c]; \
            which[c] = larger ? number : which[c]; \
        } \
        found = 1; \
    )

// Output positions with `n` channels from `first` on, whose values start at `at`.
#define EACH_WINDOW(BODY) \
    POSITION; \
    for (int64_t row = positions.begin; row < positions.end; row++) { \
        for (int64_t first = 0; first < w->channels; first += CHANNELS) { \
            int64_t n = w->channels - first < CHANNELS ? w->channels - first : CHANNELS; \
            int64_t at = row * w->channels + first; \
            BODY \
        } \
        ADVANCE \
    }

#define READ \
    int32_t which[CHANNELS]; \
    read_places(w, places, place_of(w, row, first), n, which);

#define POOL(SUFFIX, T) \
    TENSOR_CLONES void tensor_max_pool_##SUFFIX(const tensor_windows *w, tensor_range positions, const T *x, \
                                                T *restrict y) { \
        EACH_WINDOW( \
            int found = 0; \
            EACH_PLACE( \
                if (!found) for (int64_t c = 0; c < n; c++) y[at + c] = x[pixel + c]; \
                else for (int64_t c = 0; c < n; c++) { \
                    T a = y[at + c]; \
                    T b = x[pixel + c]; \
                    y[at + c] = b <= a || a != a ? a : b; /* NaN wins */ \
                } \
                found = 1; \
            ) \
        ) \
    } \
    TENSOR_CLONES void tensor_pool_places_##SUFFIX(const tensor_windows *w, tensor_range positions, const T *x, \
                                                   T *restrict y, void *restrict places) { \
        EACH_WINDOW( \
            FIND(T) \
            write_places(w, which, place_of(w, row, first), n, places); \
            if (y) for (int64_t c = 0; c < n; c++) y[at + c] = largest[c]; \
        ) \
    } \
    TENSOR_CLONES void tensor_pool_gather_##SUFFIX(const tensor_windows *w, tensor_range positions, const T *u, \
                                                   const void *places, T *restrict y) { \
        EACH_WINDOW( \
            READ \
            EACH_PLACE(for (int64_t c = 0; c < n; c++) y[at + c] = which[c] == number ? u[pixel + c] : y[at + c];) \
        ) \
    } \
    TENSOR_CLONES void tensor_pool_scatter_##SUFFIX(const tensor_windows *w, tensor_range positions, const T *v, \
                                                    const void *places, T *restrict y) { \
        EACH_WINDOW( \
            READ \
            EACH_PLACE(for (int64_t c = 0; c < n; c++) y[pixel + c] += which[c] == number ? v[at + c] : 0;) \
        ) \
    } \
    TENSOR_CLONES void tensor_pool_place_##SUFFIX(const tensor_windows *w, tensor_range positions, const T *v, \
                                                  const void *places, T *restrict y) { \
        EACH_WINDOW( \
            READ \
            EACH_PLACE(for (int64_t c = 0; c < n; c++) y[pixel + c] = which[c] == number ? v[at + c] : 0;) \
        ) \
    }

POOL(f32, float)
POOL(f64, double)
