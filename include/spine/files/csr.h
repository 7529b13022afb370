/* csr.h -- sparse matrices, in memory and in a store, as compressed sparse rows.
 *
 * Row i has its values in data[indptr[i]] .. data[indptr[i + 1] - 1], their columns, ascending, in
 * indices. In a store it is a group with the vectors data (float32), indices (int32) and indptr
 * (int64), which scipy.sparse.csr_matrix takes as they are. Everything here is local. */
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

/* Make room for 'rows' more rows with 'count' more values. */
int spine_csr_reserve(struct spine_csr *csr, size_t rows, size_t count, struct spine_error *err);

/* Append a row: for each of the 'columns' values v of a dense row, v - base where v > base.
 * spine_csr_reserve() must have made room. */
void spine_csr_add_row(struct spine_csr *csr, const float *row, size_t columns, float base);

/* Append a row from 'count' listed values v: for each with v > base, the lesser of v and most, less
 * base. Indices ascend. spine_csr_reserve() must have made room. */
void spine_csr_add_listed(struct spine_csr *csr, size_t count, const int32_t *indices,
                          const float *values, float base, float most);

/* Append the rows of another matrix. */
int spine_csr_extend(struct spine_csr *csr, const struct spine_csr *rows, struct spine_error *err);

/* Forget the rows, keep the memory. */
void spine_csr_clear(struct spine_csr *csr);

void spine_csr_dispose(struct spine_csr *csr);

/* Create an empty matrix in the group 'name' (which is made too), laid out for about 'rows' rows with
 * 'values' values together. */
int spine_csr_make(struct spine_store *store, const char *name, size_t rows, size_t values,
                   struct spine_error *err);

/* Append rows to it. *total is the number of values that it had, and then has. */
int spine_csr_append(struct spine_store *store, const char *name, const struct spine_csr *csr,
                     size_t *total, struct spine_error *err);

/* Refuse what isn't a matrix of 'rows' rows; its number of values goes to *count. 'path' is for
 * messages. */
int spine_csr_check(struct spine_store *store, const char *path, const char *name, size_t rows,
                    size_t *count, struct spine_error *err);

/* Replace csr by rows [first, first + rows) of a checked matrix with 'columns' columns and 'count'
 * values; refuses columns that don't ascend or lie outside. */
int spine_csr_read(struct spine_store *store, const char *path, const char *name, size_t first,
                   size_t rows, size_t columns, size_t count, struct spine_csr *csr,
                   struct spine_error *err);

#endif
