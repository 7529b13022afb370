/* columnscale.h -- one factor for each dimension of codes: 1 / the standard deviation of its values.
 *
 * Dimensions that are active for many words, or strongly, dominate cosines and classifiers; with all
 * at unit variance the rare ones count as much. The order of words within a dimension stays.
 * Arithmetic only. */
#ifndef SPINE_FILES_COLUMNSCALE_H
#define SPINE_FILES_COLUMNSCALE_H

#include "spine/files/csr.h"

/* Sums over the rows that were added. */
struct spine_columnscale {
    size_t dimensions, rows;
    double *sums, *squares; /* owned; (dimensions) */
};

int spine_columnscale_init(struct spine_columnscale *scale, size_t dimensions,
                           struct spine_error *err);

/* Add all rows of a block; blocks in the order of rows, so that the sums don't depend on their size. */
void spine_columnscale_add(struct spine_columnscale *scale, const struct spine_csr *values);
void spine_columnscale_add_dense(struct spine_columnscale *scale, const float *values, size_t rows);

/* The factors, (dimensions); 1 where all values are the same. */
void spine_columnscale_find(const struct spine_columnscale *scale, float *factors);

/* Free what scale owns and zero it; a zeroed struct may be disposed of again. */
void spine_columnscale_dispose(struct spine_columnscale *scale);

#endif
