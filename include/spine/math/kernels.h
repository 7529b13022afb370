/* kernels.h -- the products and passes of a training step.
 *
 * All matrices are row-major float. A row of length D begins every 'stride' floats, a multiple of
 * SPINE_ALIGN, and what lies between D and stride is zero on input and stays zero. Rows of length
 * H are not padded. n is a number of rows, which may be 0. Shapes are given beside the arguments. To
 * work on some of the units only, pass pointers to the first and U, their number; H remains the
 * distance between rows.
 *
 * The products take more than six parameters, as BLAS's do: matrices with their shapes and the
 * distances between their rows, which every call has in another combination. */
#ifndef SPINE_MATH_KERNELS_H
#define SPINE_MATH_KERNELS_H

#include <stddef.h>

#include "spine/base/error.h"

enum { SPINE_ALIGN = 16 }; /* floats: 64 bytes, a cache line and the widest vector */

/* The floats that a row of 'count' takes in memory: count rounded up to SPINE_ALIGN. */
size_t spine_kernel_stride(size_t count);

/* Zeroed memory for 'count' floats, aligned to 64 bytes, for what 'what' says (memory.h); NULL, with
 * err filled, if there is none. Release it with free(). */
float *spine_kernel_alloc(size_t count, const char *what, struct spine_error *err);

/* Make OpenBLAS allocate its buffers now; out of memory, it would otherwise block for ever in the
 * first product. */
int spine_kernel_prepare(struct spine_error *err);

/* The library behind the dense products and the processor it takes this one for, one line. */
void spine_kernel_library(char *text, size_t size);

/* The threads of that library. */
int spine_kernel_threads(void);

/* Which of its copies (clones.h) the loader chose for our own loops, and their names. */
enum spine_processor { SPINE_GENERIC, SPINE_AVX2, SPINE_AVX512 };
extern const char *const spine_processor_names[];
enum spine_processor spine_kernel_processor(void);

/* c = a b', c_iu = sum over k of a_ik b_uk:  a (n, D), b (U, D), c (n, U). 'packed' is scratch for spine_kernel_packed() floats,
 * aligned to 64 bytes. */
void spine_kernel_product_rows(size_t n, size_t dim, size_t units, size_t hidden, size_t stride,
                               const float *a, const float *b, float *packed, float *c);
size_t spine_kernel_packed(size_t dim);

/* c = a b + bias, c_ik = bias_k + sum over j of a_ij b_jk:  a (n, H), b (H, D), bias (stride),
 * c (n, D). */
void spine_kernel_product_units(size_t n, size_t dim, size_t hidden, size_t stride, const float *a,
                                const float *b, const float *bias, float *c);

#endif
