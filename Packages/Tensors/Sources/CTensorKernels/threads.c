#define _GNU_SOURCE
#include "include/kernels.h"
#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

// Workers look for work for some microseconds before they sleep: kernels follow each other closely within a replay,
// and waking a sleeping thread costs more than a small kernel.
enum { SPINS = 2000 };

struct tensor_pool {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_t *threads;
    int worker_count;
    atomic_flag busy;
    // One job at a time. `ticket` packs its generation (upper half) with the next piece (lower half), so that a worker
    // that comes late to a finished job can never take a piece of the following one with the old body.
    _Atomic uint64_t ticket;
    _Atomic int64_t pieces, finished;
    _Atomic(tensor_pool_body) body;
    void *_Atomic context;
    atomic_int sleeping, stopping;
};

static inline void pause_briefly(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

// Takes pieces of generation `generation` until none is left.
static void work(tensor_pool *pool, uint32_t generation) {
    for (;;) {
        uint64_t ticket = atomic_load(&pool->ticket);
        tensor_pool_body body = atomic_load(&pool->body);
        void *context = atomic_load(&pool->context);
        int64_t pieces = atomic_load(&pool->pieces), piece = (uint32_t)ticket;
        if ((uint32_t)(ticket >> 32) != generation || piece >= pieces) return;
        if (!atomic_compare_exchange_weak(&pool->ticket, &ticket, ticket + 1)) continue;
        body(context, piece);
        atomic_fetch_add(&pool->finished, 1);
    }
}

static uint32_t generation_of(tensor_pool *pool) { return (uint32_t)(atomic_load(&pool->ticket) >> 32); }

static void *worker(void *argument) {
    tensor_pool *pool = argument;
    uint32_t seen = 0;
    for (;;) {
        for (int spin = 0; spin < SPINS && generation_of(pool) == seen && !atomic_load(&pool->stopping); spin++)
            pause_briefly();
        if (generation_of(pool) == seen) {
            pthread_mutex_lock(&pool->lock);
            atomic_fetch_add(&pool->sleeping, 1);
            while (generation_of(pool) == seen && !atomic_load(&pool->stopping))
                pthread_cond_wait(&pool->wake, &pool->lock);
            atomic_fetch_sub(&pool->sleeping, 1);
            pthread_mutex_unlock(&pool->lock);
        }
        if (atomic_load(&pool->stopping)) return NULL;
        seen = generation_of(pool);
        work(pool, seen);
    }
}

tensor_pool *tensor_pool_create(int threads) {
    tensor_pool *pool = calloc(1, sizeof *pool);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->wake, NULL);
    pool->worker_count = threads > 1 ? threads - 1 : 0;
    pool->threads = calloc((size_t)pool->worker_count + 1, sizeof *pool->threads);
    for (int i = 0; i < pool->worker_count; i++) pthread_create(&pool->threads[i], NULL, worker, pool);
    return pool;
}

void tensor_pool_destroy(tensor_pool *pool) {
    pthread_mutex_lock(&pool->lock);
    atomic_store(&pool->stopping, 1);
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
    for (int i = 0; i < pool->worker_count; i++) pthread_join(pool->threads[i], NULL);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->lock);
    free(pool->threads);
    free(pool);
}

void tensor_pool_run(tensor_pool *pool, int64_t pieces, tensor_pool_body body, void *context) {
    if (pieces <= 1 || pool->worker_count == 0 || atomic_flag_test_and_set(&pool->busy)) {
        for (int64_t piece = 0; piece < pieces; piece++) body(context, piece);
        return;
    }
    // The old ticket is exhausted for good before the job's fields change: a late worker finds no piece, or fails to
    // take it.
    uint32_t generation = generation_of(pool) + 1;
    atomic_store(&pool->ticket, ((uint64_t)(generation - 1) << 32) | UINT32_MAX);
    atomic_store(&pool->body, body);
    atomic_store(&pool->context, context);
    atomic_store(&pool->finished, 0);
    atomic_store(&pool->pieces, pieces);
    atomic_store(&pool->ticket, (uint64_t)generation << 32);
    if (atomic_load(&pool->sleeping) > 0) {
        pthread_mutex_lock(&pool->lock);
        pthread_cond_broadcast(&pool->wake);
        pthread_mutex_unlock(&pool->lock);
    }
    work(pool, generation);
    for (int spin = 0; atomic_load(&pool->finished) < pieces; spin++) {
        if (spin < SPINS) pause_briefly();
        else sched_yield();
    }
    atomic_flag_clear(&pool->busy);
}

static pthread_key_t memory_key;
static pthread_once_t memory_once = PTHREAD_ONCE_INIT;
static void make_memory_key(void) { pthread_key_create(&memory_key, free); }  // freed when its thread ends

void *tensor_thread_memory(int64_t bytes) {
    static __thread void *memory;
    static __thread int64_t size;
    if (bytes <= size) return memory;
    pthread_once(&memory_once, make_memory_key);
    free(memory);
    size = (bytes + 63) / 64 * 64;
    memory = aligned_alloc(64, (size_t)size);
    if (!memory) abort();
    pthread_setspecific(memory_key, memory);
    return memory;
}

void tensor_single_threaded_openmp(void) {
    static __thread int done;
    if (done) return;
    done = 1;
    // Looked up when running: which OpenMP the library was linked with, if any, is its own affair.
    void (*set)(int) = (void (*)(int))dlsym(RTLD_DEFAULT, "omp_set_num_threads");
    if (set) set(1);
}
