/* neighbours.c -- the nearest dimensions of each dimension. */
#include "spine/space/neighbours.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/memory.h"

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

/* Insert 'other' into the sorted list of 'dimension' if it is near enough. Others are offered in
 * ascending order, so an equally near one goes behind. */
static void offer(struct spine_neighbours *neighbours, size_t dimension, size_t other,
                  float nearness)
{
    struct spine_ranked *list = neighbours->list + dimension * neighbours->most;
    size_t place = neighbours->count[dimension];
    while (place > 0 && list[place - 1].strength < nearness)
        place--;
    if (place == neighbours->most)
        return;
    if (neighbours->count[dimension] < neighbours->most)
        neighbours->count[dimension]++;
    memmove(list + place + 1, list + place,
            (neighbours->count[dimension] - 1 - place) * sizeof *list);
    list[place] = (struct spine_ranked){nearness, (uint32_t)other};
}

static float multiply(const float *a, const float *b, size_t count)
{
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < count; i++)
        sum += a[i] * b[i];
    return sum;
}

/* Seven parameters: a matrix with its shape and stride. */
int spine_neighbours_by_cosine(struct spine_neighbours *neighbours, const float *W,
                               size_t dimensions, size_t dim, size_t stride, size_t most,
                               struct spine_error *err)
{
    float *length =
        spine_memory_get(dimensions, sizeof *length, "the lengths of all dimensions", err);
    if (length == NULL)
        return -1;
    int rc = init(neighbours, dimensions, most, err);
    for (size_t dimension = 0; rc == 0 && dimension < dimensions; dimension++)
        length[dimension] = sqrtf(multiply(W + dimension * stride, W + dimension * stride, dim));
    for (size_t dimension = 0; rc == 0 && dimension < dimensions; dimension++)
        for (size_t other = 0; length[dimension] > 0 && other < dimensions; other++)
            if (other != dimension && length[other] > 0)
                offer(neighbours, dimension, other,
                      multiply(W + dimension * stride, W + other * stride, dim) /
                          (length[dimension] * length[other]));
    free(length);
    return rc;
}

/* Count in together[k] the words that 'dimension' and dimension k are both active for. */
static void count_together(const struct spine_ranking *ranking, const struct spine_csr *codes,
                           size_t dimension, uint32_t *together)
{
    const struct spine_ranked *entry = spine_ranking_get(ranking, dimension);
    const size_t count = ranking->active[dimension];
    memset(together, 0, ranking->dimensions * sizeof *together);
    for (size_t i = 0; i < count; i++)
        for (int64_t at = codes->indptr[entry[i].index]; at < codes->indptr[entry[i].index + 1];
             at++)
            together[codes->indices[at]] += codes->data[at] > 0; /* others may store 0 */
}

int spine_neighbours_by_words(struct spine_neighbours *neighbours,
                              const struct spine_ranking *ranking, const struct spine_csr *codes,
                              size_t most, struct spine_error *err)
{
    uint32_t *together = spine_memory_get(ranking->dimensions, sizeof *together,
                                          "the counts of all dimensions", err);
    if (together == NULL)
        return -1;
    int rc = init(neighbours, ranking->dimensions, most, err);
    for (size_t dimension = 0; rc == 0 && dimension < ranking->dimensions; dimension++) {
        count_together(ranking, codes, dimension, together);
        for (size_t other = 0; other < ranking->dimensions; other++)
            if (other != dimension && together[other] > 0)
                offer(neighbours, dimension, other,
                      (float)together[other] / sqrtf((float)ranking->active[other]));
        struct spine_ranked *list = neighbours->list + dimension * most;
        for (size_t i = 0; i < neighbours->count[dimension]; i++)
            list[i].strength = (float)together[list[i].index];
    }
    free(together);
    return rc;
}
