#include "include/kernels.h"
#include <string.h>

#define COPY(NAME, T) \
    void NAME(int32_t rank, const tensor_axis *axes, const void *from_bytes, void *to_bytes) { \
        const T *from = from_bytes; \
        T *to = to_bytes; \
        if (rank == 0) { *to = *from; return; } \
        tensor_axis outer = axes[0]; \
        if (rank == 1) { \
            if (outer.from == 1 && outer.to == 1) memcpy(to, from, (size_t)outer.extent * sizeof(T)); \
            else for (int64_t i = 0; i < outer.extent; i++) to[i * outer.to] = from[i * outer.from]; \
            return; \
        } \
        tensor_axis inner = axes[1]; \
        if (rank == 2 && inner.from != 1 && inner.to == 1) { /* a transpose: in tiles that stay in cache */ \
            for (int64_t i0 = 0; i0 < outer.extent; i0 += 16) \
                for (int64_t j0 = 0; j0 < inner.extent; j0 += 16) \
                    for (int64_t i = i0; i < i0 + 16 && i < outer.extent; i++) \
                        for (int64_t j = j0; j < j0 + 16 && j < inner.extent; j++) \
                            to[i * outer.to + j] = from[i * outer.from + j * inner.from]; \
            return; \
        } \
        for (int64_t i = 0; i < outer.extent; i++) NAME(rank - 1, axes + 1, from + i * outer.from, to + i * outer.to); \
    }

COPY(tensor_copy_32, uint32_t)
COPY(tensor_copy_64, uint64_t)
