// Loops that Swift's compiler does not vectorise as well, each compiled for several instruction sets and chosen at load
// time. No fast-math: reductions alone are reassociated, by pragma, in an order that depends on the shape only.
#ifndef TENSOR_KERNELS_H
#define TENSOR_KERNELS_H

#include <stdint.h>

// Items begin ..< end.
typedef struct {
    int64_t begin, end;
} tensor_range;

// MARK: Fused elementwise chains (fused.c)

// Opcodes follow Elementwise.Function in Elementwise.swift.
enum {
    TENSOR_NEGATE, TENSOR_ABSOLUTE, TENSOR_SIGN, TENSOR_EXP, TENSOR_LOG, TENSOR_SQRT, TENSOR_RECIPROCAL, TENSOR_SIN,
    TENSOR_COS, TENSOR_TANH, TENSOR_SIGMOID, TENSOR_SOFTPLUS, TENSOR_ERF, TENSOR_RELU, TENSOR_STEP,
    TENSOR_LOG1P, TENSOR_EXPM1,
    TENSOR_ADD, TENSOR_SUBTRACT, TENSOR_MULTIPLY, TENSOR_DIVIDE, TENSOR_POWER, TENSOR_MAXIMUM, TENSOR_MINIMUM,
    TENSOR_LESS, TENSOR_LESS_OR_EQUAL, TENSOR_EQUAL,
    TENSOR_SELECT,
    TENSOR_COPY,
    TENSOR_SIN_COS  // sine into target, cosine into register c
};

// One operation on whole registers; a register holds a block of elements.
typedef struct {
    int32_t opcode, target, a, b, c;
} tensor_micro_op;

enum { TENSOR_INPUT_CONTIGUOUS, TENSOR_INPUT_VALUE, TENSOR_INPUT_STRIDED };

typedef struct {
    int32_t kind;
    double value;            // TENSOR_INPUT_VALUE
    const int64_t *strides;  // TENSOR_INPUT_STRIDED: one per axis of the chain's extents; an axis of stride 0 repeats
} tensor_fused_input;

enum { TENSOR_REGISTERS = 64 };
// Registers 0 ..< input_count are the inputs, the next output_count the outputs, the rest temporaries.
typedef struct {
    int32_t input_count, output_count, register_count, operation_count, rank;
    const int64_t *extents;
    const tensor_fused_input *inputs;
    const tensor_micro_op *operations;
} tensor_fused_chain;

// Elements begin ..< end of the chain. addresses: the inputs', then the outputs'.
void tensor_fused_f32(const tensor_fused_chain *chain, void *const *addresses, int64_t begin, int64_t end);
void tensor_fused_f64(const tensor_fused_chain *chain, void *const *addresses, int64_t begin, int64_t end);

// MARK: Repeated chains (repeated.inc)

// Where a register's memory lies in repetition r: at its address + r · stride + (r odd ? odd : 0), in bytes.
typedef struct {
    int64_t stride, odd;
} tensor_walk;

// Elements 0 ..< count, all that the chain has, `repeats` times, each repetition after the one before is complete: it
// may read what that wrote. Within a repetition no output overlaps an input. addresses and walks: the inputs', then the
// outputs'; those of numbers are not read. Made for small counts; the bits are those of tensor_fused.
void tensor_fused_repeat_f32(const tensor_fused_chain *chain, void *const *addresses, const tensor_walk *walks,
                             int64_t count, int64_t repeats);
void tensor_fused_repeat_f64(const tensor_fused_chain *chain, void *const *addresses, const tensor_walk *walks,
                             int64_t count, int64_t repeats);

// MARK: Reductions (reductions.c)

// x [outer, reduced, inner] to y [outer, inner]. function: 0 sum, 1 maximum.
typedef struct {
    int32_t function;
    int64_t reduced, inner;
} tensor_reduction;

// For outer begin ..< end.
void tensor_reduce_f32(tensor_reduction reduction, int64_t begin, int64_t end, const float *x, float *y);
void tensor_reduce_f64(tensor_reduction reduction, int64_t begin, int64_t end, const double *x, double *y);

// A sum over more than 128 rows is that of parts of so many rows each, added in their order. What tensor_reduce does
// for one outer place, in two steps: sums [parts, inner] of some parts, inner ≤ 4096; then their total.
int64_t tensor_sum_part_rows(int64_t reduced);
void tensor_sum_parts_f32(tensor_reduction reduction, tensor_range parts, const float *x, float *sums);
void tensor_sum_parts_f64(tensor_reduction reduction, tensor_range parts, const double *x, double *sums);
void tensor_sum_total_f32(int64_t parts, int64_t inner, const float *sums, float *y);
void tensor_sum_total_f64(int64_t parts, int64_t inner, const double *sums, double *y);

void tensor_log_softmax_f32(int64_t rows, int64_t width, const float *x, float *y);
void tensor_log_softmax_f64(int64_t rows, int64_t width, const double *x, double *y);

// MARK: Copies (copies.c)

// An axis of two views: how many elements it has, and how far apart they lie in each.
typedef struct {
    int64_t extent, from, to;
} tensor_axis;

void tensor_copy_32(int32_t rank, const tensor_axis *axes, const void *from, void *to);
void tensor_copy_64(int32_t rank, const tensor_axis *axes, const void *from, void *to);

// MARK: Matrix products (products.c)

// Of a product [m, k] · [k, n].
typedef struct {
    int64_t m, n, k;
} tensor_extents;

// A factor of a product: its rows lie `row` elements apart; whether its transpose is multiplied.
typedef struct {
    const float *elements;
    int64_t row;
    int32_t transposed;
} tensor_matrix_f32;
typedef struct {
    const double *elements;
    int64_t row;
    int32_t transposed;
} tensor_matrix_f64;

// c [m, n] (rows ldc apart) = op(a) op(b). oneDNN has no float64 product, so this one serves.
void tensor_product_f64(tensor_extents extents, tensor_matrix_f64 a, tensor_matrix_f64 b, double *c, int64_t ldc);

enum { TENSOR_FEW_COLUMNS = 12, TENSOR_FEW_ROWS = 12 };
// c [m, n] = a [m, k] · op(b) for n ≤ TENSOR_FEW_COLUMNS and k ≥ 8: a classifier's logits (narrow.c).
void tensor_product_few_columns_f32(tensor_extents extents, tensor_matrix_f32 a, tensor_matrix_f32 b, float *c,
                                    int64_t ldc);

// aᵀ · b for m ≤ TENSOR_FEW_ROWS and n ≥ 16, a [k, m], b [k, n]: the gradient of a classifier's weights (narrow.c).
// Each piece of k goes to sums [m, width] of its own, whose total is c [m, n].
int64_t tensor_few_rows_width(int64_t n);
void tensor_product_few_rows_f32(tensor_extents extents, tensor_matrix_f32 a, tensor_matrix_f32 b, float *sums);
void tensor_few_rows_total_f32(int64_t m, int64_t n, int64_t pieces, const float *sums, float *c);

// MARK: Products with a sparse matrix (sparse.c)

enum { TENSOR_SPARSE_GROUP = 3 };
// The most columns of a block, by the machine.
int64_t tensor_sparse_depth(void);

// A matrix a [rows, depth] without (most of) its zeros, cut into blocks of block_depth ≤ tensor_sparse_depth() columns
// and, in the order given, groups of TENSOR_SPARSE_GROUP rows. Entries starts[block · groups + group] and on are a
// group's columns of a block where any of its rows is not zero: a column's number in the block, and the values of all
// rows of the group.
typedef struct {
    int64_t rows, depth, block_depth, blocks;
    const int32_t *order;
    const int64_t *starts;
    const uint16_t *columns;
    const float *values;
} tensor_sparse_matrix;

// The other factor b [depth, columns], columns ≥ 8: its rows and columns lie `row` and `column` elements apart.
typedef struct {
    const float *elements;
    int64_t row, column;
} tensor_sparse_factor_f32;

// How columns are cut: into vectors of so many lanes, those into strips `width` elements wide. It goes by the machine;
// the bits of a product don't.
typedef struct {
    int64_t columns, lanes, vectors, strips, width;
} tensor_sparse_cut;
tensor_sparse_cut tensor_sparse_cut_of(int64_t columns);

// What is made of b for the product: strips of it, panels [strips, depth, width]; and marks [blocks, vectors, lanes],
// which are NaN where a column isn't finite.
typedef struct {
    tensor_sparse_cut cut;
    float *panels, *marks;
} tensor_sparse_panels_f32;

// c [rows, columns], rows `row` elements apart: at their own places (in_order) or in the order of a.
typedef struct {
    float *elements;
    int64_t row;
    int32_t in_order;
} tensor_sparse_result_f32;

// One of `count` pieces that work is cut into.
typedef struct {
    int64_t number, count;
} tensor_piece;

// Reorders rows [rows, words of 64 columns] so that neighbours are zero at like places; order comes as some permutation
// of the rows.
void tensor_sparse_order(int64_t rows, int64_t words, const uint64_t *patterns, int32_t *order);
// c = a · b. First the panels and marks of each block of a; then the groups of each piece, of like cost. A column of c
// is NaN where that column of b isn't finite: a zero of a is not multiplied, and must not hide what b has.
void tensor_sparse_pack_f32(const tensor_sparse_matrix *a, int64_t block, tensor_sparse_factor_f32 b,
                            tensor_sparse_panels_f32 panels);
void tensor_sparse_product_f32(const tensor_sparse_matrix *a, tensor_sparse_panels_f32 b, tensor_piece piece,
                               tensor_sparse_result_f32 c);
// transposed [columns, rows] = cᵀ, c [rows, columns] in the order of a; some strips of the columns.
void tensor_sparse_transpose_f32(const tensor_sparse_matrix *a, tensor_range strips, tensor_sparse_cut cut,
                                 const float *c, float *transposed);

// MARK: Windows of images (patches.c)

// Images are [image, height, width, channels]; the output at (i, j) sees rows i·stride - padding and on, columns alike.
typedef struct {
    int64_t height, width, channels, kernel_height, kernel_width, stride, padding, output_height, output_width;
} tensor_windows;

// Some output positions, counted over all images: rows of patches [kernel_height · kernel_width · channels].
void tensor_patches_f32(const tensor_windows *windows, tensor_range positions, const float *x, float *patches);
void tensor_patches_f64(const tensor_windows *windows, tensor_range positions, const double *x, double *patches);
// The transpose: adds rows of patches to x.
void tensor_add_patches_f32(const tensor_windows *windows, tensor_range positions, const float *patches, float *x);
void tensor_add_patches_f64(const tensor_windows *windows, tensor_range positions, const double *patches, double *x);
// The weight [taps, outputs, inputs] of the convolution that leads back: taps from the last to the first, each
// transposed.
void tensor_rotate_weight_f32(int64_t taps, int64_t inputs, int64_t outputs, const float *weight, float *rotated);
void tensor_rotate_weight_f64(int64_t taps, int64_t inputs, int64_t outputs, const double *weight, double *rotated);
// Max pooling: the largest x of each window.
void tensor_max_pool_f32(const tensor_windows *windows, tensor_range positions, const float *x, float *y);
void tensor_max_pool_f64(const tensor_windows *windows, tensor_range positions, const double *x, double *y);
// The place of the largest (the first of equals) by its number in the window, for windows of up to 256 elements a byte
// each, [position][channels rounded up to a multiple of four], for larger ones an int32; and the largest, unless y is
// null.
void tensor_pool_places_f32(const tensor_windows *windows, tensor_range positions, const float *x, float *y,
                            void *places);
void tensor_pool_places_f64(const tensor_windows *windows, tensor_range positions, const double *x, double *y,
                            void *places);
// u at each window's place; the transpose, adding v to y there; and the same for windows that share no place: v there
// and 0 elsewhere in the window.
void tensor_pool_gather_f32(const tensor_windows *windows, tensor_range positions, const float *u, const void *places,
                            float *y);
void tensor_pool_gather_f64(const tensor_windows *windows, tensor_range positions, const double *u, const void *places,
                            double *y);
void tensor_pool_scatter_f32(const tensor_windows *windows, tensor_range positions, const float *v, const void *places,
                             float *y);
void tensor_pool_scatter_f64(const tensor_windows *windows, tensor_range positions, const double *v,
                             const void *places, double *y);
void tensor_pool_place_f32(const tensor_windows *windows, tensor_range positions, const float *v, const void *places,
                           float *y);
void tensor_pool_place_f64(const tensor_windows *windows, tensor_range positions, const double *v, const void *places,
                           double *y);

// MARK: Convolutions by tiles of 4 x 4 outputs (winograd.c)

// Of 2 x 2 max pooling, [image, height / 2, width / 2, outputs]: the largest, and a byte of its place in the window,
// 0 ... 3, the first of equals. Either may be left out.
typedef struct {
    float *y;
    void *places;
} tensor_pooled_result;

// The cotangent of the largest, and their places.
typedef struct {
    const float *values;
    const void *places;
} tensor_pooled_cotangent;

// Windows of 3 x 3 with stride 1; channels a multiple of 16, outputs of 32. Tiles are counted over all images:
// ⌈height / 4⌉ · ⌈width / 4⌉ of the output's each.

// Whether they are faster here than patches: they are written for registers of 512 bits.
int tensor_winograd_pays(void);
// Tiles that are taken at a time, and the bytes of memory that a call on any tiles wants.
int64_t tensor_winograd_tiles(int64_t channels, int64_t outputs);
int64_t tensor_winograd_memory(int64_t channels, int64_t outputs);

// Some tiles, and the memory of the thread that takes them.
typedef struct {
    tensor_windows windows;
    int64_t outputs;
    tensor_range tiles;
    float *memory;
} tensor_tiling;

// The weight [3, 3, channels, outputs] as the products want it, [36, channels, outputs].
void tensor_winograd_weight_f32(int64_t channels, int64_t outputs, const float *weight, float *transformed);
// The tiles of the convolution of x.
void tensor_winograd_f32(const tensor_tiling *tiling, const float *x, const float *transformed, float *y);
// The same with 2 x 2 max pooling behind it (output_height and output_width are even), and of images that are given by
// their pooling's cotangent, with padding 1 (height and width are even).
void tensor_winograd_pooled_f32(const tensor_tiling *tiling, const float *x, const float *transformed,
                                tensor_pooled_result result);
void tensor_winograd_of_pooled_f32(const tensor_tiling *tiling, tensor_pooled_cotangent x, const float *transformed,
                                   float *y);
// The weight's gradient: of the tiles the sums [36, channels, outputs] over x and y's cotangent, and the gradient of
// several such pieces.
void tensor_winograd_weight_sums_f32(const tensor_tiling *tiling, const float *x, const float *y, float *sums);
void tensor_winograd_pooled_weight_sums_f32(const tensor_tiling *tiling, const float *x, tensor_pooled_cotangent y,
                                            float *sums);
void tensor_winograd_weight_gradient_f32(int64_t channels, int64_t outputs, int64_t pieces, const float *sums,
                                         float *gradient);

// MARK: Convolution and max pooling in one pass (pooled.c)

enum { TENSOR_POOLED_CHANNELS = 4 };  // of the images, at most

// Windows of 3 x 3 with stride 1 and padding 1 over images of few channels, outputs a multiple of 32, then the largest
// of 2 x 2 outputs (a last odd row or column is left out). Where tensor_winograd_pays().
// Some images, whose elements lie at strides, and the memory of the thread that takes them.
typedef struct {
    int64_t height, width, channels, outputs;
    int64_t image_stride, row_stride, column_stride, channel_stride;
    tensor_range images;
    float *memory;
} tensor_pooled_images;

// Bytes of memory that a call wants.
int64_t tensor_pooled_memory(const tensor_pooled_images *images);
// The weight [3, 3, channels, outputs] as the kernel wants it, 18 * channels * outputs elements.
void tensor_pooled_weight_f32(int64_t channels, int64_t outputs, const float *weight, float *transformed);
void tensor_pooled_convolution_f32(const tensor_pooled_images *images, const float *x, const float *transformed,
                                   tensor_pooled_result result);
// The weight's gradient over these images.
void tensor_pooled_weight_sums_f32(const tensor_pooled_images *images, const float *x,
                                   tensor_pooled_cotangent cotangent, float *sums);

// MARK: Threads (threads.c)

typedef struct tensor_pool tensor_pool;
typedef void (*tensor_pool_body)(void *context, int64_t piece);

// A pool of `threads` threads including the caller's. Idle threads sleep.
tensor_pool *tensor_pool_create(int threads);
void tensor_pool_destroy(tensor_pool *pool);
// Runs body for pieces 0 ..< pieces and returns when all are done. Called from within a piece, it runs them in place.
void tensor_pool_run(tensor_pool *pool, int64_t pieces, tensor_pool_body body, void *context);
// Memory of the calling thread's own, at least so many bytes; what is in it lasts until the thread's next call.
void *tensor_thread_memory(int64_t bytes);
// Makes OpenMP regions started by the calling thread run on that thread alone.
void tensor_single_threaded_openmp(void);

#endif
