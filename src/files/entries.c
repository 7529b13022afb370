/* entries.c -- the values of a sparse matrix, collected in any order. */
#include "spine/files/entries.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "spine/base/memory.h"

int spine_entries_add(struct spine_entries *entries, int32_t row, int32_t column, float value,
                      struct spine_error *err)
{
    if (value == 0)
        return 0;
    if (spine_memory_reserve(&entries->list, &entries->capacity, entries->count + 1,
                             sizeof *entries->list, "sparse values", err))
        return -1;

    entries->list[entries->count++] = (struct spine_matrix_entry){row, column, value};
    return 0;
}

static int compare_places(const void *a, const void *b)
{
    const struct spine_matrix_entry *left = a, *right = b;

    if (left->row != right->row)
        return left->row < right->row ? -1 : 1;
    return left->column < right->column ? -1 : left->column > right->column;
}

static int check(const struct spine_matrix_entry *entry, const struct spine_matrix_entry *before,
                 const char *path, struct spine_error *err)
{
    const long long row = (long long)entry->row + 1, column = (long long)entry->column + 1;

    if (before != NULL && compare_places(before, entry) == 0)
        return spine_refuse(err, "%s: has two values in row %lld, column %lld", path, row, column);
    if (!isfinite(entry->value))
        return spine_refuse(err, "%s: the value in row %lld, column %lld is not finite", path, row,
                            column);
    return 0;
}

/* Matrices that we write are in order. */
static void sort(const struct spine_entries *entries)
{
    size_t i = 1;

    while (i < entries->count && compare_places(&entries->list[i - 1], &entries->list[i]) <= 0)
        i++;
    if (i < entries->count)
        qsort(entries->list, entries->count, sizeof *entries->list, compare_places);
}

int spine_entries_arrange(const struct spine_entries *entries, size_t rows, const char *path,
                          struct spine_csr *csr, struct spine_error *err)
{
    assert(csr->rows == 0);
    sort(entries);
    if (spine_csr_reserve(csr, rows, entries->count, err))
        return -1;

    for (size_t i = 0; i < entries->count; i++) {
        const struct spine_matrix_entry *entry = &entries->list[i];
        assert(entry->row >= 0 && (size_t)entry->row < rows && entry->column >= 0);
        if (check(entry, i > 0 ? entry - 1 : NULL, path, err))
            return -1;
        while (csr->rows < (size_t)entry->row)
            csr->indptr[++csr->rows] = (int64_t)i;
        csr->indices[i] = entry->column;
        csr->data[i] = entry->value;
    }
    while (csr->rows < rows)
        csr->indptr[++csr->rows] = (int64_t)entries->count;
    csr->count = entries->count;
    return 0;
}

void spine_entries_dispose(struct spine_entries *entries)
{
    free(entries->list);
    *entries = (struct spine_entries){0};
}
