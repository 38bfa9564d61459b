#include "include/kernels.h"
#include <string.h>

#define COPY(NAME, T) \
    void NAME(int32_t rank, const int64_t *extents, const void *from_bytes, const int64_t *from_strides, \
              void *to_bytes, const int64_t *to_strides) { \
        const T *from = from_bytes; \
        T *to = to_bytes; \
        if (rank == 0) { *to = *from; return; } \
        if (rank == 1) { \
            int64_t n = extents[0], a = from_strides[0], b = to_strides[0]; \
            if (a == 1 && b == 1) memcpy(to, from, (size_t)n * sizeof(T)); \
            else for (int64_t i = 0; i < n; i++) to[i * b] = from[i * a]; \
            return; \
        } \
        if (rank == 2 && from_strides[1] != 1 && to_strides[1] == 1) { /* a transpose: in tiles that stay in cache */ \
            for (int64_t i0 = 0; i0 < extents[0]; i0 += 16) \
                for (int64_t j0 = 0; j0 < extents[1]; j0 += 16) \
                    for (int64_t i = i0; i < i0 + 16 && i < extents[0]; i++) \
                        for (int64_t j = j0; j < j0 + 16 && j < extents[1]; j++) \
                            to[i * to_strides[0] + j] = from[i * from_strides[0] + j * from_strides[1]]; \
            return; \
        } \
        for (int64_t i = 0; i < extents[0]; i++) \
            NAME(rank - 1, extents + 1, from + i * from_strides[0], from_strides + 1, to + i * to_strides[0], \
                 to_strides + 1); \
    }

COPY(tensor_copy_32, uint32_t)
COPY(tensor_copy_64, uint64_t)
