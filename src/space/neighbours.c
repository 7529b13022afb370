/* neighbours.c -- the nearest dimensions of each dimension. */
#include "spine/space/neighbours.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/memory.h"
#include "spine/math/kernels.h"

static int init(struct spine_neighbours *neighbours, size_t dimensions, size_t most,
                struct spine_error *err)
{
    *neighbours = (struct spine_neighbours){.dimensions = dimensions, .most = most};
    neighbours->count = spine_memory_zeroed(dimensions, sizeof *neighbours->count,
                                            "the neighbours of all dimensions", err);
    neighbours->list = spine_memory_zeroed(dimensions * most, sizeof *neighbours->list,
                                           "the neighbours of all dimensions", err);
    if (neighbours->count != NULL && neighbours->list != NULL)
        return 0;
    spine_neighbours_dispose(neighbours);
    return -1;
}

void spine_neighbours_dispose(struct spine_neighbours *neighbours)
{
    free(neighbours->count);
    free(neighbours->list);
    *neighbours = (struct spine_neighbours){0};
}

static void offer(struct spine_neighbours *neighbours, size_t dimension, size_t other,
                  float nearness)
{
    struct spine_ranked *list = neighbours->list + dimension * neighbours->most;
    size_t *count = &neighbours->count[dimension];

    if (*count < neighbours->most || nearness >= list[*count - 1].strength)
        spine_ranked_offer(list, count, neighbours->most,
                           (struct spine_ranked){nearness, (uint32_t)other});
}

/* --- By cosine ---------------------------------------------------------------------------- */

/* One product gives the cosines of two blocks of dimensions: half a megabyte. */
enum { BLOCK = 256 };

struct cosines {
    size_t dimensions, dim, stride;
    float *length; /* owned; (dimensions): of the rows of W */
    float *W; /* owned; (dimensions, stride): those rows scaled to length 1; zeros stay zeros */
    float *packed;  /* owned; scratch of the product */
    float *product; /* owned; (BLOCK, BLOCK) */
};

static int begin_cosines(struct cosines *cosines, struct spine_error *err)
{
    static const char what[] = "the cosines of all dimensions";
    cosines->stride = spine_kernel_stride(cosines->dim);
    cosines->length = spine_memory_get(cosines->dimensions, sizeof *cosines->length, what, err);
    cosines->W = spine_kernel_alloc(cosines->dimensions * cosines->stride, what, err);
    cosines->packed = spine_kernel_alloc(spine_kernel_packed(cosines->dim), what, err);
    cosines->product = spine_kernel_alloc((size_t)BLOCK * BLOCK, what, err);
    if (cosines->length == NULL || cosines->W == NULL || cosines->packed == NULL ||
        cosines->product == NULL)
        return -1;
    return 0;
}

static void end_cosines(struct cosines *cosines)
{
    free(cosines->length);
    free(cosines->W);
    free(cosines->packed);
    free(cosines->product);
}

/* Copy the rows of W, scaled to length 1. */
static void scale_rows(struct cosines *cosines, const float *W, size_t stride)
{
    for (size_t j = 0; j < cosines->dimensions; j++) {
        const float *from = W + j * stride;
        float *to = cosines->W + j * cosines->stride, squares = 0;
#pragma omp simd reduction(+ : squares)
        for (size_t k = 0; k < cosines->dim; k++)
            squares += from[k] * from[k];

        cosines->length[j] = sqrtf(squares);
        for (size_t k = 0; squares > 0 && k < cosines->dim; k++)
            to[k] = from[k] / cosines->length[j];
    }
}

/* Offer the dimensions of the blocks from 'first' and from 'second' on to each other; a block to
 * itself only once. */
static void compare_blocks(struct spine_neighbours *neighbours, const struct cosines *cosines,
                           size_t first, size_t second)
{
    const size_t all = cosines->dimensions, stride = cosines->stride;
    const size_t rows = all - first < BLOCK ? all - first : BLOCK;
    const size_t columns = all - second < BLOCK ? all - second : BLOCK;

    spine_kernel_product_rows(rows, cosines->dim, columns, BLOCK, stride,
                              cosines->W + first * stride, cosines->W + second * stride,
                              cosines->packed, cosines->product);

    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns && cosines->length[first + i] > 0; j++) {
            const float cosine = cosines->product[i * BLOCK + j];
            if (first + i == second + j || !(cosines->length[second + j] > 0))
                continue;
            offer(neighbours, first + i, second + j, cosine);
            if (first != second)
                offer(neighbours, second + j, first + i, cosine);
        }
}

/* Seven parameters: a matrix with its shape and stride. */
int spine_neighbours_by_cosine(struct spine_neighbours *neighbours, const float *W,
                               size_t dimensions, size_t dim, size_t stride, size_t most,
                               struct spine_error *err)
{
    struct cosines cosines = {.dimensions = dimensions, .dim = dim};
    int rc = begin_cosines(&cosines, err);
    if (rc == 0)
        rc = init(neighbours, dimensions, most, err);
    if (rc == 0)
        scale_rows(&cosines, W, stride);

    for (size_t first = 0; rc == 0 && first < dimensions; first += BLOCK)
        for (size_t second = first; second < dimensions; second += BLOCK)
            compare_blocks(neighbours, &cosines, first, second);
    end_cosines(&cosines);
    return rc;
}

/* --- By words ----------------------------------------------------------------------------- */

/* The number of counts made at once, so that they stay in a cache, approximately; the most passes
 * over all rows; the values of a row from which rows are read one by one, since then cache misses
 * cost little compared with reading the row. */
enum { COUNTS = 1 << 18, MOST_PASSES = 64, LONG_ROW = 64 };

/* Count in 'together', (dimensions), the words of 'rows', which activate one dimension, that also
 * activate dimension k. If all values of the codes are above 0, only the indices are read. */
static void count_picked(const struct spine_csr *codes, bool is_positive,
                         const struct spine_ranked *rows, size_t count, size_t dimensions,
                         uint32_t *together)
{
    memset(together, 0, dimensions * sizeof *together);
    for (size_t i = 0; i < count; i++) {
        const int64_t begin = codes->indptr[rows[i].index], end = codes->indptr[rows[i].index + 1];
        for (int64_t at = begin; is_positive && at < end; at++)
            together[codes->indices[at]]++;
        for (int64_t at = begin; !is_positive && at < end; at++)
            together[codes->indices[at]] += codes->data[at] > 0;
    }
}

/* Count in 'together', (count, dimensions), the words that activate both dimension first + i and
 * dimension k, in one pass over all rows in order: each short row read by itself would be a cache
 * miss. */
static void count_striped(const struct spine_csr *codes, size_t first, size_t count,
                          size_t dimensions, uint32_t *together)
{
    memset(together, 0, count * dimensions * sizeof *together);
    for (size_t row = 0; row < codes->rows; row++) {
        const int64_t begin = codes->indptr[row], end = codes->indptr[row + 1];
        for (int64_t at = begin; at < end; at++) {
            const size_t place = (size_t)codes->indices[at] - first;
            if (place >= count || !(codes->data[at] > 0)) /* other programs may store 0 */
                continue;
            uint32_t *counts = together + place * dimensions;
            for (int64_t with = begin; with < end; with++)
                counts[codes->indices[with]] += codes->data[with] > 0;
        }
    }
}

static bool is_positive(const struct spine_csr *codes)
{
    size_t positive = 0;
    for (size_t i = 0; i < codes->count; i++)
        positive += codes->data[i] > 0;
    return positive == codes->count;
}

/* Choose the number of dimensions to count at once: one if rows are long. */
static size_t choose_stripe(const struct spine_csr *codes, size_t width)
{
    const size_t fit = COUNTS / width, least = (width + MOST_PASSES - 1) / MOST_PASSES;
    if (codes->count >= LONG_ROW * codes->rows)
        return 1;
    return fit > least ? fit : least;
}

/* Find the neighbours of a dimension by its counts. */
static void choose_together(struct spine_neighbours *neighbours,
                            const struct spine_ranking *ranking, size_t dimension,
                            const uint32_t *counts)
{
    struct spine_ranked *list = neighbours->list + dimension * neighbours->most;
    for (size_t other = 0; other < ranking->dimensions; other++)
        if (other != dimension && counts[other] > 0)
            offer(neighbours, dimension, other,
                  (float)counts[other] / sqrtf((float)ranking->active[other]));
    for (size_t i = 0; i < neighbours->count[dimension]; i++)
        list[i].strength = (float)counts[list[i].index];
}

int spine_neighbours_by_words(struct spine_neighbours *neighbours,
                              const struct spine_ranking *ranking, const struct spine_csr *codes,
                              size_t most, struct spine_error *err)
{
    const size_t width = ranking->dimensions, stripe = choose_stripe(codes, width);
    const bool is_plain = stripe == 1 && is_positive(codes);
    int failed = 0;

    if (init(neighbours, width, most, err))
        return -1;

#pragma omp parallel reduction(| : failed)
    {
        struct spine_error ignored; /* the message is made below */
        uint32_t *together =
            spine_memory_get(stripe * width, sizeof *together, "the counts", &ignored);
        failed = together == NULL;

#pragma omp for schedule(dynamic)
        for (size_t first = 0; first < width; first += stripe) {
            const size_t count = width - first < stripe ? width - first : stripe;
            if (failed)
                continue;
            if (stripe == 1)
                count_picked(codes, is_plain, spine_ranking_get(ranking, first),
                             ranking->active[first], width, together);
            else
                count_striped(codes, first, count, width, together);
            for (size_t i = 0; i < count; i++)
                choose_together(neighbours, ranking, first + i, together + i * width);
        }
        free(together);
    }

    if (!failed)
        return 0;
    spine_neighbours_dispose(neighbours);
    return spine_memory_fail("the counts of all dimensions", err);
}
