/* sparsearrays.h -- SciPy's sparse matrices in .npz: indptr, indices, data, shape and format
 * (sparsefile.h). All functions are local. */
#ifndef SPINE_FILES_SPARSEARRAYS_H
#define SPINE_FILES_SPARSEARRAYS_H

#include <stdbool.h>

#include "spine/files/entries.h"

/* Is this zip archive a sparse matrix of SciPy's, in any format? */
int spine_sparsearrays_is(const char *path, bool *is, struct spine_error *err);

/* Append all values of a matrix, which are inside of (rows, columns); whole numbers are rounded to
 * float. Refuses formats other than CSR. */
int spine_sparsearrays_read(const char *path, struct spine_entries *entries, size_t *rows,
                            size_t *columns, struct spine_error *err);

#endif
