/* ranking.c -- the words of every dimension, and the dimensions of a word. */
#include "spine/space/ranking.h"

#include <stdlib.h>
#include <string.h>

#include "spine/base/memory.h"

/* List the strengths of a row of codes that aren't 0, by dimension, in 'out' (dimensions). Returns
 * their number. */
static size_t list_codes(const struct spine_space *space, size_t row, struct spine_ranked *out)
{
    const struct spine_csr *codes = &space->codes, *excess = &space->excess;
    int64_t above = excess->indptr[row];
    size_t count = 0;

    for (int64_t at = codes->indptr[row]; at < codes->indptr[row + 1]; at++) {
        const int32_t dimension = codes->indices[at];
        const float strength = codes->data[at] + spine_csr_seek(excess, row, dimension, &above);
        if (strength != 0)
            out[count++] = (struct spine_ranked){strength, (uint32_t)dimension};
    }
    return count;
}

/* Find the lower median of a sorted dimension; its zeros aren't among the entries. */
static float find_median(const struct spine_ranked *entries, size_t count, size_t active,
                         size_t rows)
{
    const size_t above = rows / 2; /* entries that are greater, or equal and earlier */
    if (above < active)
        return entries[above].strength;
    const size_t negative = count - active;
    return above >= rows - negative ? entries[above - (rows - count)].strength : 0;
}

/* Sort a dimension's entries; find the number of active ones and the median. */
static void sort_dimension(struct spine_ranking *ranking, size_t dimension,
                           struct spine_ranked *entries, size_t count)
{
    size_t active = 0;

    spine_ranked_sort(entries, count);
    while (active < count && entries[active].strength > 0)
        active++;
    ranking->active[dimension] = active;
    ranking->median[dimension] = find_median(entries, count, active, ranking->rows);
}

/* Allocate the list of all entries; dimension j has count[j] of them. */
static int begin_entries(struct spine_ranking *ranking, const size_t *count,
                         struct spine_error *err)
{
    const size_t width = ranking->dimensions;
    for (size_t j = 0; j < width; j++)
        ranking->start[j + 1] = ranking->start[j] + count[j];
    ranking->entries = spine_memory_get(ranking->start[width], sizeof *ranking->entries,
                                        "the words of all dimensions", err);
    if (ranking->entries == NULL)
        return -1;
    return 0;
}

/* --- Of codes ----------------------------------------------------------------------------- */

/* 'row' and 'end', (dimensions), are scratch; end is zeroed. */
static int rank_codes(struct spine_ranking *ranking, const struct spine_space *space,
                      struct spine_ranked *row, size_t *end, struct spine_error *err)
{
    for (size_t i = 0; i < space->rows; i++)
        for (size_t n = list_codes(space, i, row); n > 0; n--)
            end[row[n - 1].index]++;
    if (begin_entries(ranking, end, err))
        return -1;

    memcpy(end, ranking->start, ranking->dimensions * sizeof *end);
    for (size_t i = 0; i < space->rows; i++)
        for (size_t n = list_codes(space, i, row); n > 0; n--)
            ranking->entries[end[row[n - 1].index]++] =
                (struct spine_ranked){row[n - 1].strength, (uint32_t)i};

#pragma omp parallel for schedule(dynamic, 8)
    for (size_t j = 0; j < ranking->dimensions; j++)
        sort_dimension(ranking, j, ranking->entries + ranking->start[j],
                       ranking->start[j + 1] - ranking->start[j]);
    return 0;
}

/* --- Of dense vectors --------------------------------------------------------------------- */

/* Columns sorted together, since a cache line has values of several. */
enum { TOGETHER = 8 };

/* Sort a column's active entries, and find the median, for which at most one entry below 0 is
 * needed. */
static void sort_column(struct spine_ranking *ranking, size_t dimension,
                        struct spine_ranked *active, size_t num_active,
                        struct spine_ranked *negative, size_t num_negative)
{
    const size_t rows = ranking->rows, above = rows / 2; /* as in find_median() */

    spine_ranked_sort(active, num_active);
    ranking->active[dimension] = num_active;
    if (above < num_active)
        ranking->median[dimension] = active[above].strength;
    else if (above >= rows - num_negative)
        ranking->median[dimension] =
            spine_ranked_select(negative, num_negative, above - (rows - num_negative));
}

/* Sort the columns from 'first' on, in scratch of (TOGETHER, rows) entries, and keep the active
 * ones. In a column's scratch, these are at the beginning and entries below 0 at the end. */
static void rank_columns(struct spine_ranking *ranking, const struct spine_space *space,
                         size_t first, struct spine_ranked *scratch)
{
    const size_t width = space->dimensions, rows = space->rows;
    const size_t columns = width - first < TOGETHER ? width - first : TOGETHER;
    size_t active[TOGETHER] = {0}, negative[TOGETHER] = {0};

    for (size_t i = 0; i < rows; i++)
        for (size_t k = 0; k < columns; k++) {
            const struct spine_ranked entry = {space->dense[i * width + first + k], (uint32_t)i};
            if (entry.strength > 0)
                scratch[k * rows + active[k]++] = entry;
            else if (entry.strength < 0)
                scratch[(k + 1) * rows - ++negative[k]] = entry;
        }

    for (size_t k = 0; k < columns; k++) {
        struct spine_ranked *begin = scratch + k * rows;
        sort_column(ranking, first + k, begin, active[k], begin + rows - negative[k], negative[k]);
        memcpy(ranking->entries + ranking->start[first + k], begin, active[k] * sizeof *scratch);
    }
}

/* 'count', (dimensions), is zeroed scratch. */
static int rank_dense(struct spine_ranking *ranking, const struct spine_space *space, size_t *count,
                      struct spine_error *err)
{
    const size_t width = space->dimensions;
    int failed = 0;

    for (size_t i = 0; i < space->rows; i++)
        for (size_t j = 0; j < width; j++)
            count[j] += space->dense[i * width + j] > 0;
    if (begin_entries(ranking, count, err))
        return -1;

#pragma omp parallel reduction(| : failed)
    {
        struct spine_error ignored; /* the message is made below */
        struct spine_ranked *scratch =
            spine_memory_get(TOGETHER * space->rows, sizeof *scratch, "columns", &ignored);
        failed = scratch == NULL;
#pragma omp for schedule(dynamic)
        for (size_t first = 0; first < width; first += TOGETHER)
            if (scratch != NULL)
                rank_columns(ranking, space, first, scratch);
        free(scratch);
    }
    return failed ? spine_memory_fail("the words of all dimensions", err) : 0;
}

/* --- Both --------------------------------------------------------------------------------- */

int spine_ranking_init(struct spine_ranking *ranking, const struct spine_space *space,
                       struct spine_error *err)
{
    static const char what[] = "the words of all dimensions";
    const size_t width = space->dimensions;
    *ranking = (struct spine_ranking){.rows = space->rows, .dimensions = width};
    ranking->start = spine_memory_zeroed(width + 1, sizeof *ranking->start, what, err);
    ranking->active = spine_memory_zeroed(width, sizeof *ranking->active, what, err);
    ranking->median = spine_memory_zeroed(width, sizeof *ranking->median, what, err);
    size_t *count = spine_memory_zeroed(width, sizeof *count, what, err);
    struct spine_ranked *row = spine_memory_get(width, sizeof *row, what, err);

    int rc = -1;
    if (ranking->start != NULL && ranking->active != NULL && ranking->median != NULL &&
        count != NULL && row != NULL)
        rc = space->dense != NULL ? rank_dense(ranking, space, count, err)
                                  : rank_codes(ranking, space, row, count, err);
    free(count);
    free(row);
    if (rc != 0)
        spine_ranking_dispose(ranking);
    return rc;
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

    if (space->dense != NULL) {
        const float *values = space->dense + row * space->dimensions;
        for (size_t j = 0; j < space->dimensions; j++)
            if (values[j] > 0)
                out[count++] = (struct spine_ranked){values[j], (uint32_t)j};
    } else {
        const size_t all = list_codes(space, row, out);
        for (size_t i = 0; i < all; i++)
            if (out[i].strength > 0)
                out[count++] = out[i];
    }
    spine_ranked_sort(out, count);
    return count;
}
