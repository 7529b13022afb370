/* ranking.c -- the words of every dimension, and the dimensions of a word. */
#include "spine/space/ranking.h"

#include <stdlib.h>

#include "spine/base/memory.h"

/* The strengths of a row that aren't 0, by dimension, to 'out' (dimensions). Returns how many there
 * are. */
static size_t list_strengths(const struct spine_space *space, size_t row, struct spine_ranked *out)
{
    size_t count = 0;

    if (space->dense != NULL) {
        const float *values = space->dense + row * space->dimensions;
        for (size_t j = 0; j < space->dimensions; j++)
            if (values[j] != 0)
                out[count++] = (struct spine_ranked){values[j], (uint32_t)j};
        return count;
    }

    const struct spine_csr *codes = &space->codes, *excess = &space->excess;
    int64_t above = excess->indptr[row];

    for (int64_t at = codes->indptr[row]; at < codes->indptr[row + 1]; at++) {
        const int32_t dimension = codes->indices[at];
        while (above < excess->indptr[row + 1] && excess->indices[above] < dimension)
            above++;

        float strength = codes->data[at];
        if (above < excess->indptr[row + 1] && excess->indices[above] == dimension)
            strength += excess->data[above];
        if (strength != 0)
            out[count++] = (struct spine_ranked){strength, (uint32_t)dimension};
    }
    return count;
}

/* The lower median of a sorted dimension, whose values that are 0 aren't among the entries. */
static float find_median(const struct spine_ranked *entries, size_t count, size_t active,
                         size_t rows)
{
    const size_t above = rows / 2; /* entries that are greater, or tied and before it */
    if (above < active)
        return entries[above].strength;
    const size_t negative = count - active;
    return above >= rows - negative ? entries[above - (rows - count)].strength : 0;
}

static void sort_dimensions(struct spine_ranking *ranking)
{
#pragma omp parallel for schedule(dynamic, 8)
    for (size_t j = 0; j < ranking->dimensions; j++) {
        struct spine_ranked *entries = ranking->entries + ranking->start[j];
        const size_t count = ranking->start[j + 1] - ranking->start[j];
        spine_ranked_sort(entries, count);
        size_t active = 0;
        while (active < count && entries[active].strength > 0)
            active++;
        ranking->active[j] = active;
        ranking->median[j] = find_median(entries, count, active, ranking->rows);
    }
}

int spine_ranking_init(struct spine_ranking *ranking, const struct spine_space *space,
                       struct spine_error *err)
{
    const size_t width = space->dimensions;
    *ranking = (struct spine_ranking){.rows = space->rows, .dimensions = width};
    ranking->start =
        spine_memory_zeroed(width + 1, sizeof *ranking->start, "the words of all dimensions", err);
    ranking->active =
        spine_memory_zeroed(width, sizeof *ranking->active, "the words of all dimensions", err);
    ranking->median =
        spine_memory_zeroed(width, sizeof *ranking->median, "the medians of all dimensions", err);
    size_t *end = spine_memory_zeroed(width, sizeof *end, "the words of all dimensions", err);
    struct spine_ranked *row = spine_memory_get(width, sizeof *row, "a word's dimensions", err);
    int rc = ranking->start == NULL || ranking->active == NULL || ranking->median == NULL ||
             end == NULL || row == NULL;

    for (size_t i = 0; rc == 0 && i < space->rows; i++)
        for (size_t n = list_strengths(space, i, row); n > 0; n--)
            end[row[n - 1].index]++;

    if (rc == 0) {
        for (size_t j = 0; j < width; j++) {
            ranking->start[j + 1] = ranking->start[j] + end[j];
            end[j] = ranking->start[j];
        }
        ranking->entries = spine_memory_get(ranking->start[width], sizeof *ranking->entries,
                                            "the words of all dimensions", err);
        rc = ranking->entries == NULL;
    }

    if (rc == 0) {
        for (size_t i = 0; i < space->rows; i++)
            for (size_t n = list_strengths(space, i, row); n > 0; n--)
                ranking->entries[end[row[n - 1].index]++] =
                    (struct spine_ranked){row[n - 1].strength, (uint32_t)i};
        sort_dimensions(ranking);
    }

    free(end);
    free(row);
    if (rc == 0)
        return 0;
    spine_ranking_dispose(ranking);
    return -1;
}

const struct spine_ranked *spine_ranking_get(const struct spine_ranking *ranking, size_t dimension)
{
    return ranking->entries + ranking->start[dimension];
}

void spine_ranking_dispose(struct spine_ranking *ranking)
{
    free(ranking->entries);
    free(ranking->start);
    free(ranking->active);
    free(ranking->median);
    *ranking = (struct spine_ranking){0};
}

size_t spine_ranking_of_row(const struct spine_space *space, size_t row, struct spine_ranked *out)
{
    size_t count = 0;
    const size_t all = list_strengths(space, row, out);
    for (size_t i = 0; i < all; i++)
        if (out[i].strength > 0)
            out[count++] = out[i];
    spine_ranked_sort(out, count);
    return count;
}
