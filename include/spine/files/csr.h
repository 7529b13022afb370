/* csr.h -- sparse matrices, in memory and in a store, as compressed sparse rows.
 *
 * The values of row i are data[indptr[i]] to data[indptr[i + 1] - 1]; indices has their columns,
 * ascending. In a store, a matrix is a group with the vectors data (float32), indices (int32) and
 * indptr (int64), the arguments of scipy.sparse.csr_matrix. All functions are local. */
#ifndef SPINE_FILES_CSR_H
#define SPINE_FILES_CSR_H

#include <stddef.h>
#include <stdint.h>

#include "spine/files/store.h"

/* Some rows of a matrix; grows as rows are added. A zeroed struct is empty. */
struct spine_csr {
    size_t rows, count; /* count: values in all rows */
    float *data;        /* owned, as are the next two; (count) */
    int32_t *indices;   /* (count) */
    int64_t *indptr;    /* (rows + 1), from 0 */
    size_t capacity, row_capacity;
};

/* Reserve memory for 'rows' more rows with 'count' more values. */
int spine_csr_reserve(struct spine_csr *csr, size_t rows, size_t count, struct spine_error *err);

/* Append a dense row of 'columns' values: v - base for each value v > base. Call
 * spine_csr_reserve() first. */
void spine_csr_add_row(struct spine_csr *csr, const float *row, size_t columns, float base);

/* Append a row of 'count' listed values: min(v, most) - base for each value v > base. Indices
 * ascend. Call spine_csr_reserve() first. */
void spine_csr_add_listed(struct spine_csr *csr, size_t count, const int32_t *indices,
                          const float *values, float base, float most);

/* Append the rows of another matrix. */
int spine_csr_extend(struct spine_csr *csr, const struct spine_csr *rows, struct spine_error *err);

/* Remove all rows, but keep the memory. */
void spine_csr_clear(struct spine_csr *csr);

void spine_csr_dispose(struct spine_csr *csr);

/* Write all columns of a row to 'out', (columns). */
void spine_csr_spread(const struct spine_csr *csr, size_t row, size_t columns, float *out);

/* The row's value in a column; 0 if it has none. Columns are looked up in ascending order: *at, at
 * first indptr[row], is where the search continues. */
static inline float spine_csr_seek(const struct spine_csr *csr, size_t row, int32_t column,
                                   int64_t *at)
{
    const int64_t end = csr->indptr[row + 1];

    while (*at < end && csr->indices[*at] < column)
        ++*at;
    return *at < end && csr->indices[*at] == column ? csr->data[*at] : 0;
}

/* Create the group 'name' with an empty matrix, laid out for about 'rows' rows with 'values' values
 * in all. */
int spine_csr_make(struct spine_store *store, const char *name, size_t rows, size_t values,
                   struct spine_error *err);

/* Append rows to a stored matrix. *total is the number of values in it, and is updated. */
int spine_csr_append(struct spine_store *store, const char *name, const struct spine_csr *csr,
                     size_t *total, struct spine_error *err);

/* Refuse what isn't a matrix of 'rows' rows; *count is its number of values. 'path' is for
 * messages. */
int spine_csr_check(struct spine_store *store, const char *path, const char *name, size_t rows,
                    size_t *count, struct spine_error *err);

/* Replace csr with rows [first, first + rows) of a checked matrix with 'columns' columns and
 * 'count' values. Refuses columns that don't ascend or are out of range. */
int spine_csr_read(struct spine_store *store, const char *path, const char *name, size_t first,
                   size_t rows, size_t columns, size_t count, struct spine_csr *csr,
                   struct spine_error *err);

#endif
