/* csr.c -- sparse matrices, in memory and in a store. */
#include "spine/files/csr.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/memory.h"
#include "spine/files/array.h"
#include "spine/files/object.h"

enum { NAME = 128 };

/* The dataset 'part' of the group 'name'. */
static const char *join(char *out, const char *name, const char *part)
{
    snprintf(out, NAME, "%s/%s", name, part);
    return out;
}

int spine_csr_reserve(struct spine_csr *csr, size_t rows, size_t count, struct spine_error *err)
{
    if (csr->rows + rows + 1 > csr->row_capacity) {
        if (spine_memory_reserve_exactly(&csr->indptr, &csr->row_capacity, csr->rows + rows + 1,
                                         sizeof *csr->indptr, "sparse rows", err))
            return -1;
        csr->indptr[csr->rows] = (int64_t)csr->count;
    }
    if (csr->count + count > csr->capacity) {
        const size_t wanted = csr->count + count;
        size_t capacity = csr->capacity;
        if (spine_memory_reserve_exactly(&csr->data, &capacity, wanted, sizeof *csr->data,
                                         "sparse values", err) ||
            spine_memory_reserve_exactly(&csr->indices, &csr->capacity, wanted,
                                         sizeof *csr->indices, "sparse values", err))
            return -1;
    }
    return 0;
}

void spine_csr_add_row(struct spine_csr *csr, const float *row, size_t columns, float base)
{
    assert(csr->rows + 1 < csr->row_capacity);
    for (size_t j = 0; j < columns; j++)
        if (row[j] > base) {
            assert(csr->count < csr->capacity);
            csr->indices[csr->count] = (int32_t)j;
            csr->data[csr->count++] = row[j] - base;
        }
    csr->indptr[++csr->rows] = (int64_t)csr->count;
}

void spine_csr_add_listed(struct spine_csr *csr, size_t count, const int32_t *indices,
                          const float *values, float base, float most)
{
    assert(csr->rows + 1 < csr->row_capacity);
    for (size_t i = 0; i < count; i++)
        if (values[i] > base) {
            assert(csr->count < csr->capacity);
            csr->indices[csr->count] = indices[i];
            csr->data[csr->count++] = (values[i] < most ? values[i] : most) - base;
        }
    csr->indptr[++csr->rows] = (int64_t)csr->count;
}

int spine_csr_extend(struct spine_csr *csr, const struct spine_csr *rows, struct spine_error *err)
{
    if (spine_csr_reserve(csr, rows->rows, rows->count, err))
        return -1;
    for (size_t i = 0; i < rows->rows; i++)
        csr->indptr[++csr->rows] = (int64_t)csr->count + rows->indptr[i + 1];
    if (rows->count > 0) {
        memcpy(csr->data + csr->count, rows->data, rows->count * sizeof *csr->data);
        memcpy(csr->indices + csr->count, rows->indices, rows->count * sizeof *csr->indices);
    }
    csr->count += rows->count;
    return 0;
}

void spine_csr_clear(struct spine_csr *csr)
{
    csr->rows = csr->count = 0;
}

void spine_csr_dispose(struct spine_csr *csr)
{
    free(csr->data);
    free(csr->indices);
    free(csr->indptr);
    *csr = (struct spine_csr){0};
}

void spine_csr_spread(const struct spine_csr *csr, size_t row, size_t columns, float *out)
{
    memset(out, 0, columns * sizeof *out);
    for (int64_t at = csr->indptr[row]; at < csr->indptr[row + 1]; at++)
        out[csr->indices[at]] = csr->data[at];
}

int spine_csr_make(struct spine_store *store, const char *name, size_t rows, size_t values,
                   struct spine_error *err)
{
    const int64_t zero = 0;
    char data[NAME], indices[NAME], indptr[NAME];

    join(data, name, "data");
    join(indices, name, "indices");
    join(indptr, name, "indptr");
    if (spine_object_make_group(store, name, err) ||
        spine_array_make_growing(store, data, SPINE_ARRAY_FLOAT, values, err) ||
        spine_array_make_growing(store, indices, SPINE_ARRAY_INT32, values, err) ||
        spine_array_make_growing(store, indptr, SPINE_ARRAY_INT64, rows + 1, err) ||
        spine_array_append(store, indptr, SPINE_ARRAY_INT64, 1, &zero, err))
        return -1;
    return 0;
}

int spine_csr_append(struct spine_store *store, const char *name, const struct spine_csr *csr,
                     size_t *total, struct spine_error *err)
{
    char part[NAME];
    if (csr->rows == 0)
        return 0;
    /* The ends of these rows in the whole matrix. */
    int64_t *ends = spine_memory_get(csr->rows, sizeof *ends, "sparse rows", err);
    if (ends == NULL)
        return -1;
    for (size_t i = 0; i < csr->rows; i++)
        ends[i] = csr->indptr[i + 1] + (int64_t)*total;
    const int rc = spine_array_append(store, join(part, name, "data"), SPINE_ARRAY_FLOAT,
                                      csr->count, csr->data, err) ||
                   spine_array_append(store, join(part, name, "indices"), SPINE_ARRAY_INT32,
                                      csr->count, csr->indices, err) ||
                   spine_array_append(store, join(part, name, "indptr"), SPINE_ARRAY_INT64,
                                      csr->rows, ends, err);
    free(ends);
    *total += csr->count;
    if (rc)
        return -1;

    return 0;
}

int spine_csr_check(struct spine_store *store, const char *path, const char *name, size_t rows,
                    size_t *count, struct spine_error *err)
{
    char part[NAME];
    size_t num_indices = 0, num_ends = 0;
    int64_t first = -1, last = -1;

    if (spine_array_extent(store, join(part, name, "data"), SPINE_ARRAY_FLOAT, count, NULL, err) ||
        spine_array_extent(store, join(part, name, "indices"), SPINE_ARRAY_INT32, &num_indices,
                           NULL, err) ||
        spine_array_extent(store, join(part, name, "indptr"), SPINE_ARRAY_INT64, &num_ends, NULL,
                           err))
        return -1;

    if (num_ends != rows + 1)
        return spine_refuse(err, "%s: is incomplete: '%s' has %zu entries, expected %zu", path,
                            part, num_ends, rows + 1);

    if (spine_array_read(store, part, SPINE_ARRAY_INT64, 0, 1, 1, &first, err) ||
        spine_array_read(store, part, SPINE_ARRAY_INT64, rows, 1, 1, &last, err))
        return -1;
    if (num_indices != *count || first != 0 || last != (int64_t)*count)
        return spine_refuse(err,
                            "%s: is incomplete: '%s' has %zu values, %zu columns and row ends "
                            "from %lld to %lld",
                            path, name, *count, num_indices, (long long)first, (long long)last);

    return 0;
}

/* Are these, from any base, valid row ends in a matrix of 'count' values? */
static bool ends_fit(const int64_t *indptr, size_t rows, size_t columns, size_t count)
{
    if (indptr[0] < 0 || indptr[rows] > (int64_t)count)
        return false;
    for (size_t i = 0; i < rows; i++)
        if (indptr[i + 1] < indptr[i] || indptr[i + 1] - indptr[i] > (int64_t)columns)
            return false;
    return true;
}

static bool columns_fit(const struct spine_csr *csr, size_t columns)
{
    for (size_t i = 0; i < csr->rows; i++) {
        int64_t previous = -1;
        for (int64_t at = csr->indptr[i]; at < csr->indptr[i + 1]; at++) {
            if (csr->indices[at] <= previous || csr->indices[at] >= (int64_t)columns)
                return false;
            previous = csr->indices[at];
        }
    }
    return true;
}

/* Nine parameters: the place of the matrix, a range of rows, and the matrix's checked extent. */
int spine_csr_read(struct spine_store *store, const char *path, const char *name, size_t first,
                   size_t rows, size_t columns, size_t count, struct spine_csr *csr,
                   struct spine_error *err)
{
    char part[NAME];

    spine_csr_clear(csr);
    if (spine_csr_reserve(csr, rows, 0, err) ||
        spine_array_read(store, join(part, name, "indptr"), SPINE_ARRAY_INT64, first, rows + 1, 1,
                         csr->indptr, err))
        return -1;

    if (!ends_fit(csr->indptr, rows, columns, count))
        return spine_refuse(err, "%s: the row ends in '%s' don't ascend within it", path, part);

    const int64_t base = csr->indptr[0];
    const size_t values = (size_t)(csr->indptr[rows] - base);
    for (size_t i = 0; i <= rows; i++)
        csr->indptr[i] -= base;

    if (spine_csr_reserve(csr, rows, values, err) ||
        spine_array_read(store, join(part, name, "data"), SPINE_ARRAY_FLOAT, (size_t)base, values,
                         1, csr->data, err) ||
        spine_array_read(store, join(part, name, "indices"), SPINE_ARRAY_INT32, (size_t)base,
                         values, 1, csr->indices, err))
        return -1;

    csr->rows = rows;
    csr->count = values;
    if (!columns_fit(csr, columns))
        return spine_refuse(err, "%s: '%s' has a column that is out of order or not below %zu",
                            path, part, columns);

    for (size_t at = 0; at < values; at++)
        if (!isfinite(csr->data[at]))
            return spine_refuse(err, "%s: '%s' has a value that is not finite", path,
                                join(part, name, "data"));
    return 0;
}
