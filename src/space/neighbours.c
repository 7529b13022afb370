/* neighbours.c -- the units that are nearest to each unit. */
#include "spine/space/neighbours.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/memory.h"

static int init(struct spine_neighbours *neighbours, size_t units, size_t most,
                struct spine_error *err)
{
    *neighbours = (struct spine_neighbours){.units = units, .most = most};
    neighbours->count =
        spine_memory_zeroed(units, sizeof *neighbours->count, "the neighbours of all units", err);
    neighbours->list = spine_memory_zeroed(units * most, sizeof *neighbours->list,
                                           "the neighbours of all units", err);
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

/* Put 'other' into the sorted list of 'unit' if it is near enough. Others come in ascending order,
 * so an equally near one goes behind. */
static void offer(struct spine_neighbours *neighbours, size_t unit, size_t other, float nearness)
{
    struct spine_unit *list = neighbours->list + unit * neighbours->most;
    size_t place = neighbours->count[unit];
    while (place > 0 && list[place - 1].strength < nearness)
        place--;
    if (place == neighbours->most)
        return;
    if (neighbours->count[unit] < neighbours->most)
        neighbours->count[unit]++;
    memmove(list + place + 1, list + place, (neighbours->count[unit] - 1 - place) * sizeof *list);
    list[place] = (struct spine_unit){nearness, (uint32_t)other};
}

static float multiply(const float *a, const float *b, size_t count)
{
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < count; i++)
        sum += a[i] * b[i];
    return sum;
}

int spine_neighbours_by_cosine(struct spine_neighbours *neighbours, const float *W, size_t units,
                               size_t dim, size_t stride, size_t most, struct spine_error *err)
{
    float *length = spine_memory_get(units, sizeof *length, "the lengths of all units", err);
    if (length == NULL)
        return -1;
    int rc = init(neighbours, units, most, err);
    for (size_t unit = 0; rc == 0 && unit < units; unit++)
        length[unit] = sqrtf(multiply(W + unit * stride, W + unit * stride, dim));
    for (size_t unit = 0; rc == 0 && unit < units; unit++)
        for (size_t other = 0; length[unit] > 0 && other < units; other++)
            if (other != unit && length[other] > 0)
                offer(neighbours, unit, other,
                      multiply(W + unit * stride, W + other * stride, dim) /
                          (length[unit] * length[other]));
    free(length);
    return rc;
}

/* Count in together[k] the words that 'unit' and unit k are both on for. */
static void count_together(const struct spine_ranking *columns, const struct spine_csr *codes,
                           size_t unit, uint32_t *together)
{
    const struct spine_entry *entry = spine_ranking_get(columns, unit);
    const size_t count = columns->active[unit];
    memset(together, 0, columns->columns * sizeof *together);
    for (size_t i = 0; i < count; i++)
        for (int64_t at = codes->indptr[entry[i].row]; at < codes->indptr[entry[i].row + 1]; at++)
            together[codes->indices[at]] += codes->data[at] > 0; /* others may store 0 */
}

int spine_neighbours_by_firing(struct spine_neighbours *neighbours,
                               const struct spine_ranking *columns, const struct spine_csr *codes,
                               size_t most, struct spine_error *err)
{
    uint32_t *together =
        spine_memory_get(columns->columns, sizeof *together, "the counts of all units", err);
    if (together == NULL)
        return -1;
    int rc = init(neighbours, columns->columns, most, err);
    for (size_t unit = 0; rc == 0 && unit < columns->columns; unit++) {
        count_together(columns, codes, unit, together);
        for (size_t other = 0; other < columns->columns; other++)
            if (other != unit && together[other] > 0)
                offer(neighbours, unit, other,
                      (float)together[other] / sqrtf((float)columns->active[other]));
        struct spine_unit *list = neighbours->list + unit * most;
        for (size_t i = 0; i < neighbours->count[unit]; i++)
            list[i].strength = (float)together[list[i].unit];
    }
    free(together);
    return rc;
}
