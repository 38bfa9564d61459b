#ifndef TENSOR_CLONES_H
#define TENSOR_CLONES_H

#if defined(__x86_64__) && defined(__linux__)
#define TENSOR_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define TENSOR_CLONES
#endif
#define TENSOR_INLINE static inline __attribute__((always_inline))

#endif
