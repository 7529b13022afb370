/* ranking.c -- the words of every dimension, and the dimensions of a word. */
#include "spine/space/ranking.h"

#include <stdlib.h>

#include "spine/base/memory.h"

static int by_strength(const void *a, const void *b)
{
    const struct spine_entry *first = a, *second = b;
    if (first->strength != second->strength)
        return first->strength < second->strength ? 1 : -1;
    return first->row < second->row ? -1 : 1;
}

void spine_entries_sort(struct spine_entry *entries, size_t count)
{
    qsort(entries, count, sizeof *entries, by_strength);
}

/* The strengths of a row that aren't 0, by column, to 'out' (columns). Returns how many there
 * are. */
static size_t list_strengths(const struct spine_space *space, size_t row, struct spine_unit *out)
{
    size_t count = 0;
    if (space->dense != NULL) {
        const float *values = space->dense + row * space->columns;
        for (size_t j = 0; j < space->columns; j++)
            if (values[j] != 0)
                out[count++] = (struct spine_unit){values[j], (uint32_t)j};
        return count;
    }
    const struct spine_csr *codes = &space->codes, *excess = &space->excess;
    int64_t above = excess->indptr[row];
    for (int64_t at = codes->indptr[row]; at < codes->indptr[row + 1]; at++) {
        const int32_t column = codes->indices[at];
        while (above < excess->indptr[row + 1] && excess->indices[above] < column)
            above++;
        float strength = codes->data[at];
        if (above < excess->indptr[row + 1] && excess->indices[above] == column)
            strength += excess->data[above];
        if (strength != 0)
            out[count++] = (struct spine_unit){strength, (uint32_t)column};
    }
    return count;
}

/* The lower median of a sorted column, whose values that are 0 aren't among the entries. */
static float find_median(const struct spine_entry *entries, size_t count, size_t active,
                         size_t rows)
{
    const size_t above = rows / 2; /* entries that are greater, or tied and before it */
    if (above < active)
        return entries[above].strength;
    const size_t negative = count - active;
    return above >= rows - negative ? entries[above - (rows - count)].strength : 0;
}

static void sort_columns(struct spine_ranking *columns)
{
#pragma omp parallel for schedule(dynamic, 8)
    for (size_t j = 0; j < columns->columns; j++) {
        struct spine_entry *entries = columns->entries + columns->start[j];
        const size_t count = columns->start[j + 1] - columns->start[j];
        spine_entries_sort(entries, count);
        size_t active = 0;
        while (active < count && entries[active].strength > 0)
            active++;
        columns->active[j] = active;
        columns->median[j] = find_median(entries, count, active, columns->rows);
    }
}

int spine_ranking_init(struct spine_ranking *columns, const struct spine_space *space,
                       struct spine_error *err)
{
    const size_t width = space->columns;
    *columns = (struct spine_ranking){.rows = space->rows, .columns = width};
    columns->start =
        spine_memory_zeroed(width + 1, sizeof *columns->start, "the words of all dimensions", err);
    columns->active =
        spine_memory_zeroed(width, sizeof *columns->active, "the words of all dimensions", err);
    columns->median =
        spine_memory_zeroed(width, sizeof *columns->median, "the medians of all dimensions", err);
    size_t *end = spine_memory_zeroed(width, sizeof *end, "the words of all dimensions", err);
    struct spine_unit *row = spine_memory_get(width, sizeof *row, "a word's dimensions", err);
    int rc = columns->start == NULL || columns->active == NULL || columns->median == NULL ||
             end == NULL || row == NULL;
    for (size_t i = 0; rc == 0 && i < space->rows; i++)
        for (size_t n = list_strengths(space, i, row); n > 0; n--)
            end[row[n - 1].unit]++;
    if (rc == 0) {
        for (size_t j = 0; j < width; j++) {
            columns->start[j + 1] = columns->start[j] + end[j];
            end[j] = columns->start[j];
        }
        columns->entries = spine_memory_get(columns->start[width], sizeof *columns->entries,
                                            "the words of all dimensions", err);
        rc = columns->entries == NULL;
    }
    if (rc == 0) {
        for (size_t i = 0; i < space->rows; i++)
            for (size_t n = list_strengths(space, i, row); n > 0; n--)
                columns->entries[end[row[n - 1].unit]++] =
                    (struct spine_entry){row[n - 1].strength, (uint32_t)i};
        sort_columns(columns);
    }
    free(end);
    free(row);
    if (rc == 0)
        return 0;
    spine_ranking_dispose(columns);
    return -1;
}

const struct spine_entry *spine_ranking_get(const struct spine_ranking *columns, size_t column)
{
    return columns->entries + columns->start[column];
}

void spine_ranking_dispose(struct spine_ranking *columns)
{
    free(columns->entries);
    free(columns->start);
    free(columns->active);
    free(columns->median);
    *columns = (struct spine_ranking){0};
}

static int by_strength_then_unit(const void *a, const void *b)
{
    const struct spine_unit *first = a, *second = b;
    if (first->strength != second->strength)
        return first->strength < second->strength ? 1 : -1;
    return first->unit < second->unit ? -1 : 1;
}

size_t spine_ranking_of_row(const struct spine_space *space, size_t row, struct spine_unit *units)
{
    size_t count = 0;
    const size_t all = list_strengths(space, row, units);
    for (size_t i = 0; i < all; i++)
        if (units[i].strength > 0)
            units[count++] = units[i];
    qsort(units, count, sizeof *units, by_strength_then_unit);
    return count;
}
