#include "include/kernels.h"
#include "clones.h"
#include <string.h>

// Rows of patches: row (image, i, j) holds the window of x [image, height, width, channels] that the output at (i, j) sees, zeros outside.
// A window's row is one run of memory, because channels and columns lie next to each other.

#define PATCHES(SUFFIX, T) \
    void tensor_patches_##SUFFIX(const tensor_windows *w, int64_t begin, int64_t end, const T *x, T *patches) { \
        int64_t run = w->kernel_width * w->channels, row_stride = w->width * w->channels; \
        for (int64_t row = begin; row < end; row++) { \
            int64_t j = row % w->output_width, i = row / w->output_width % w->output_height, image = row / w->output_width / w->output_height; \
            int64_t left = j * w->stride - w->padding, top = i * w->stride - w->padding; \
            int64_t from = left < 0 ? -left : 0, to = left + w->kernel_width > w->width ? w->width - left : w->kernel_width; \
            for (int64_t r = 0; r < w->kernel_height; r++, patches += run) { \
                if (top + r < 0 || top + r >= w->height || from >= to) { memset(patches, 0, (size_t)run * sizeof(T)); continue; } \
                const T *source = x + (image * w->height + top + r) * row_stride + left * w->channels; \
                if (from > 0) memset(patches, 0, (size_t)(from * w->channels) * sizeof(T)); \
                memcpy(patches + from * w->channels, source + from * w->channels, (size_t)((to - from) * w->channels) * sizeof(T)); \
                if (to < w->kernel_width) memset(patches + to * w->channels, 0, (size_t)((w->kernel_width - to) * w->channels) * sizeof(T)); \
            } \
        } \
    } \
    void tensor_add_patches_##SUFFIX(const tensor_windows *w, int64_t begin, int64_t end, const T *patches, T *x) { \
        int64_t run = w->kernel_width * w->channels, row_stride = w->width * w->channels; \
        for (int64_t row = begin; row < end; row++) { \
            int64_t j = row % w->output_width, i = row / w->output_width % w->output_height, image = row / w->output_width / w->output_height; \
            int64_t left = j * w->stride - w->padding, top = i * w->stride - w->padding; \
            int64_t from = left < 0 ? -left : 0, to = left + w->kernel_width > w->width ? w->width - left : w->kernel_width; \
            for (int64_t r = 0; r < w->kernel_height; r++, patches += run) { \
                if (top + r < 0 || top + r >= w->height) continue; \
                T *target = x + (image * w->height + top + r) * row_stride + left * w->channels; \
                for (int64_t c = from * w->channels; c < to * w->channels; c++) target[c] += patches[c]; \
            } \
        } \
    }

PATCHES(f32, float)
PATCHES(f64, double)

// Windows of max pooling. The place of the largest element of x (the first of equals) decides; outside x there is nothing.
// Channels side by side: the search for `places` vectorises.

enum { CHANNELS = 256 };

#define FIND(SUFFIX, T) \
    TENSOR_INLINE void find_##SUFFIX(const tensor_windows *w, int64_t row, int64_t first, int64_t n, const T *x, int32_t *restrict places) { \
        int64_t j = row % w->output_width, i = row / w->output_width % w->output_height; \
        T largest[CHANNELS]; \
        int found = 0; \
        for (int64_t r = 0; r < w->kernel_height; r++) for (int64_t s = 0; s < w->kernel_width; s++) { \
            int64_t a = i * w->stride - w->padding + r, b = j * w->stride - w->padding + s; \
            if (a < 0 || a >= w->height || b < 0 || b >= w->width) continue; \
            int32_t place = (int32_t)(a * w->width + b); \
            const T *pixel = x + (a * w->width + b) * w->channels + first; \
            if (!found) for (int64_t c = 0; c < n; c++) { largest[c] = pixel[c]; places[c] = place; } \
            else for (int64_t c = 0; c < n; c++) { \
                int larger = pixel[c] > largest[c]; \
                largest[c] = larger ? pixel[c] : largest[c]; \
                places[c] = larger ? place : places[c]; \
            } \
            found = 1; \
        } \
    }

// The statement is about `at`, the output element, and `from`, its place in x.
#define POOL_LOOP(NAME, SUFFIX, T, STATEMENT) \
    TENSOR_CLONES void NAME##_##SUFFIX(const tensor_windows *w, int64_t begin, int64_t end, const T *a, const T *x, T *y) { \
        int32_t places[CHANNELS]; \
        int64_t positions = w->output_height * w->output_width, size = w->height * w->width * w->channels; \
        for (int64_t row = begin; row < end; row++) for (int64_t first = 0; first < w->channels; first += CHANNELS) { \
            int64_t n = w->channels - first < CHANNELS ? w->channels - first : CHANNELS, start = row / positions * size; \
            find_##SUFFIX(w, row, first, n, x + start, places); \
            for (int64_t c = 0; c < n; c++) { \
                int64_t at = row * w->channels + first + c, from = start + places[c] * w->channels + first + c; \
                STATEMENT; \
            } \
        } \
    }

#define POOL(SUFFIX, T) \
    FIND(SUFFIX, T) \
    POOL_LOOP(tensor_pool_gather, SUFFIX, T, y[at] = a[from]) \
    POOL_LOOP(tensor_pool_scatter, SUFFIX, T, y[from] += a[at])

POOL(f32, float)
POOL(f64, double)
