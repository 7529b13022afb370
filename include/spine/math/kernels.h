/* kernels.h -- dense products outside of training steps (see products.h for those of a step),
 * aligned memory, and what computes on this processor.
 *
 * All matrices are row-major float. A row of length D begins every 'stride' floats, a multiple of
 * SPINE_ALIGN; the padding from D to stride is zero on input and stays zero. Rows of length H are
 * not padded. n is a number of rows and may be 0. Shapes are given beside the arguments. To compute
 * with some of the units only, pass pointers to the first of them and their number U; rows remain H
 * floats apart.
 *
 * Like BLAS's, the products have more than six parameters: matrices, shapes and strides, which
 * differ in every call. */
#ifndef SPINE_MATH_KERNELS_H
#define SPINE_MATH_KERNELS_H

#include <stddef.h>

#include "spine/base/error.h"

enum { SPINE_ALIGN = 16 }; /* floats: 64 bytes, a cache line and the widest vector */

/* The stride of a row of 'count' floats: count rounded up to a multiple of SPINE_ALIGN. */
size_t spine_kernel_stride(size_t count);

/* Allocate 'count' zeroed floats, aligned to 64 bytes; 'what' is for the message (memory.h).
 * Returns NULL, with err filled, when out of memory. Release them with free(). */
float *spine_kernel_alloc(size_t count, const char *what, struct spine_error *err);

/* Make OpenBLAS allocate its buffers, unless it has: if memory ran out later, it would hang in the
 * first product. Call this before any of its products; the functions of lapack.h that can fail call
 * it themselves. */
int spine_kernel_prepare(struct spine_error *err);

/* The same for products in several threads at once, each of which needs a buffer. Returns for how
 * many there is memory, at most 'most'; 0, with err filled, if for none. */
int spine_kernel_prepare_threads(int most, struct spine_error *err);

/* Name, in one line, the library behind the dense products and the processor that it detected. */
void spine_kernel_library(char *text, size_t size);

/* The number of threads of that library. */
int spine_kernel_threads(void);

/* The version of our own loops (clones.h) that the loader chose, and the names of the versions. */
enum spine_processor { SPINE_GENERIC, SPINE_AVX2, SPINE_AVX512 };
extern const char *const spine_processor_names[];
enum spine_processor spine_kernel_processor(void);

/* c = a b', c_iu = sum over k of a_ik b_uk:  a (n, D), b (U, D), c (n, U). 'packed' is scratch, from
 * spine_kernel_alloc_packed(). */
void spine_kernel_product_rows(size_t n, size_t dim, size_t units, size_t hidden, size_t stride,
                               const float *a, const float *b, float *packed, float *c);

/* Prepare for these products (spine_kernel_prepare()), and allocate their scratch. Returns
 * NULL, with err filled, on failure. Release it with free(). */
float *spine_kernel_alloc_packed(size_t dim, const char *what, struct spine_error *err);

/* c = a b + bias, c_ik = bias_k + sum over j of a_ij b_jk:  a (n, H), b (H, D), bias (stride),
 * c (n, D). */
void spine_kernel_product_units(size_t n, size_t dim, size_t hidden, size_t stride, const float *a,
                                const float *b, const float *bias, float *c);

#endif
