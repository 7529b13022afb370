/* kernels.c -- dense products outside of training steps: OpenBLAS's, except for one on AVX-512. */
#include "spine/math/kernels.h"

#include <assert.h>
#include <cblas.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/clones.h"
#include "spine/base/memory.h"

size_t spine_kernel_stride(size_t count)
{
    return (count + SPINE_ALIGN - 1) / SPINE_ALIGN * SPINE_ALIGN;
}

float *spine_kernel_alloc(size_t count, const char *what, struct spine_error *err)
{
    float *data = spine_memory_aligned(spine_kernel_stride(count), sizeof *data, what, err);

    if (data != NULL)
        memset(data, 0, spine_kernel_stride(count) * sizeof *data);
    return data;
}

#ifdef SPINE_HAS_OPENBLAS
/* OpenBLAS's own, which its headers leave out, and which a build of it may hide. */
extern void *blas_memory_alloc(int place) __attribute__((weak));
extern void blas_memory_free(void *buffer) __attribute__((weak));

/* Make it allocate as many buffers; (count) is scratch. */
static void allocate_buffers(int count, void **buffers)
{
    if (blas_memory_alloc == NULL || blas_memory_free == NULL)
        return;
    for (int i = 0; i < count; i++)
        buffers[i] = blas_memory_alloc(0);
    for (int i = 0; i < count; i++)
        blas_memory_free(buffers[i]);
}
#else
static void allocate_buffers(int count, void **buffers)
{
    (void)count;
    (void)buffers;
}
#endif

/* For how many buffers is there memory? (most) is scratch; err is filled if for none. */
static int probe_memory(int most, void **buffers, struct spine_error *err)
{
    /* OpenBLAS allocates 128 MiB of address space, keeps it, and touches little of it. */
    enum { BLAS_BYTES = 160 << 20 };
    struct spine_error ignored; /* one buffer is enough */
    int count = 0;

    while (count < most && (buffers[count] = spine_memory_get(BLAS_BYTES, 1, "the BLAS library",
                                                              count == 0 ? err : &ignored)) != NULL)
        count++;
    for (int i = 0; i < count; i++)
        free(buffers[i]);
    return count;
}

int spine_kernel_prepare_threads(int most, struct spine_error *err)
{
    static _Atomic int prepared;
    if (most <= prepared)
        return most;

    void **buffers = spine_memory_zeroed((size_t)most, sizeof *buffers, "the BLAS library", err);
    if (buffers == NULL)
        return 0;
    const int count = probe_memory(most, buffers, err);
    allocate_buffers(count, buffers);
    prepared = count > prepared ? count : prepared;
    free(buffers);
    return prepared;
}

int spine_kernel_prepare(struct spine_error *err)
{
    enum { SIDE = 64 };
    static _Atomic bool is_ready;
    if (is_ready)
        return 0;
    if (spine_kernel_prepare_threads(1, err) == 0)
        return -1;

    float *block = spine_kernel_alloc(3 * SIDE * SIDE, "the BLAS library", err);
    if (block == NULL)
        return -1;

    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, SIDE, SIDE, SIDE, 1, block, SIDE,
                block + SIDE * SIDE, SIDE, 0, block + 2 * SIDE * SIDE, SIDE);
    free(block);
    is_ready = true;
    return 0;
}

#ifdef SPINE_HAS_OPENBLAS
int spine_kernel_threads(void)
{
    return openblas_get_parallel() == 0 ? 1 : openblas_get_num_threads();
}

void spine_kernel_library(char *text, size_t size)
{
    /* The configuration begins with name and version: "OpenBLAS 0.3.21 ...". */
    const char *config = openblas_get_config();
    const size_t name = strcspn(config, " ");
    const size_t length = config[name] == '\0' ? name : name + 1 + strcspn(config + name + 1, " ");
    const int threads = spine_kernel_threads();
    snprintf(text, size, "%.*s, %s kernels, %d thread%s", (int)length, config,
             openblas_get_corename(), threads, threads == 1 ? "" : "s");
}
#else
int spine_kernel_threads(void)
{
    return 1; /* other libraries don't say */
}

void spine_kernel_library(char *text, size_t size)
{
    snprintf(text, size, "a CBLAS other than OpenBLAS, threads unknown");
}
#endif

const char *const spine_processor_names[] = {
    [SPINE_GENERIC] = "generic", [SPINE_AVX2] = "AVX2", [SPINE_AVX512] = "AVX-512", NULL};

enum spine_processor spine_kernel_processor(void)
{
#ifdef SPINE_HAS_CLONES
    if (__builtin_cpu_supports("x86-64-v4"))
        return SPINE_AVX512;
    if (__builtin_cpu_supports("x86-64-v3"))
        return SPINE_AVX2;
#endif
    return SPINE_GENERIC;
}

/* BLAS counts in ints. */
static int blas_int(size_t count)
{
    assert(count <= INT_MAX);
    return (int)count;
}

/* --- c = a b' ------------------------------------------------------------------------------
 *
 * AVX-512 has a kernel of our own: OpenBLAS packs all of b in every call, which costs as much as
 * the product when a has few rows. Here a is packed and transposed, and b is read unpacked: a tile
 * of 4 units times 64 rows of a stays in registers. Other processors have too few registers for
 * that. */

#define INLINE static inline __attribute__((always_inline))

typedef float vector __attribute__((vector_size(64), aligned(64), may_alias));

enum { WIDTH = SPINE_ALIGN, VECTORS = 4, ROWS = VECTORS * WIDTH, UNITS = 4, GROUP = 16 };

float *spine_kernel_alloc_packed(size_t dim, const char *what, struct spine_error *err)
{
    return spine_kernel_prepare(err) ? NULL : spine_kernel_alloc(dim * ROWS, what, err);
}

/* packed_ki = a_ik: transpose 'rows' rows of a into packed (D, ROWS), and pad with zeros. */
static void pack_rows(size_t rows, size_t dim, size_t stride, const float *a, float *packed)
{
    for (size_t k = 0; k < dim; k++)
        for (size_t i = 0; i < ROWS; i++)
            packed[k * ROWS + i] = i < rows ? a[i * stride + k] : 0;
}

/* out (units, ROWS) = b packed, out_ui = sum over k of b_uk packed_ki, for the first 'vectors'
 * vectors of rows. 'units' and 'vectors' are constants once this is inlined. Kernels have as many
 * parameters as BLAS: sizes, strides and matrices. */
INLINE void product_tile(const int units, const int vectors, size_t dim, size_t stride,
                         const float *packed, const float *b, float *out)
{
    vector sum[UNITS][VECTORS];
    for (int u = 0; u < units; u++)
        for (int v = 0; v < vectors; v++)
            sum[u][v] = (vector){0};

    for (size_t k = 0; k < dim; k++)
        for (int u = 0; u < units; u++) {
            const float weight = b[(size_t)u * stride + k];
            for (int v = 0; v < vectors; v++)
                sum[u][v] += weight * *(const vector *)(packed + k * ROWS + v * WIDTH);
        }

    for (int u = 0; u < units; u++)
        for (int v = 0; v < vectors; v++)
            *(vector *)(out + u * ROWS + v * WIDTH) = sum[u][v];
}

/* The tiles of a group of up to GROUP units; out (GROUP, ROWS). The parameters are as above. */
INLINE void product_group(const int vectors, size_t units, size_t dim, size_t stride,
                          const float *packed, const float *b, float *out)
{
    size_t u = 0;
    for (; u + UNITS <= units; u += UNITS)
        product_tile(UNITS, vectors, dim, stride, packed, b + u * stride, out + u * ROWS);
    for (; u < units; u++)
        product_tile(1, vectors, dim, stride, packed, b + u * stride, out + u * ROWS);
}

/* c (rows, units) = the transpose of out (GROUP, ROWS). */
INLINE void unpack_group(size_t rows, size_t units, size_t hidden, const float *out, float *c)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t u = 0; u < units; u++)
            c[i * hidden + u] = out[u * ROWS + i];
}

/* c = the product of packed rows and b. The parameters are as in BLAS. */
SPINE_CLONES
static void product_of_packed(size_t rows, size_t dim, size_t units, size_t hidden, size_t stride,
                              const float *packed, const float *b, float *c)
{
    _Alignas(64) float out[GROUP * ROWS];

    for (size_t j = 0; j < units; j += GROUP) {
        const size_t group = units - j < GROUP ? units - j : GROUP;
        const float *first = b + j * stride;

        switch ((rows + WIDTH - 1) / WIDTH) {
        case 1:
            product_group(1, group, dim, stride, packed, first, out);
            break;
        case 2:
            product_group(2, group, dim, stride, packed, first, out);
            break;
        case 3:
            product_group(3, group, dim, stride, packed, first, out);
            break;
        default:
            product_group(VECTORS, group, dim, stride, packed, first, out);
        }
        /* A constant number of units is unpacked faster. */
        if (group == GROUP)
            unpack_group(rows, GROUP, hidden, out, c + j);
        else
            unpack_group(rows, group, hidden, out, c + j);
    }
}

/* The parameters of these products are those of cblas_sgemm() that can vary. */
void spine_kernel_product_rows(size_t n, size_t dim, size_t units, size_t hidden, size_t stride,
                               const float *a, const float *b, float *packed, float *c)
{
    if (n == 0 || units == 0)
        return;

    if (spine_kernel_processor() != SPINE_AVX512) {
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, blas_int(n), blas_int(units),
                    blas_int(dim), 1, a, blas_int(stride), b, blas_int(stride), 0, c,
                    blas_int(hidden));
        return;
    }

    for (size_t first = 0; first < n; first += ROWS) {
        const size_t rows = n - first < ROWS ? n - first : ROWS;
        pack_rows(rows, dim, stride, a + first * stride, packed);
        product_of_packed(rows, dim, units, hidden, stride, packed, b, c + first * hidden);
    }
}

/* --- The other product ------------------------------------------------------ */

/* For the parameters see above. */
void spine_kernel_product_units(size_t n, size_t dim, size_t hidden, size_t stride, const float *a,
                                const float *b, const float *bias, float *c)
{
    if (n == 0)
        return;

    for (size_t i = 0; i < n; i++)
        memcpy(c + i * stride, bias, stride * sizeof *c);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, blas_int(n), blas_int(dim),
                blas_int(hidden), 1, a, blas_int(hidden), b, blas_int(stride), 1, c,
                blas_int(stride));
}
