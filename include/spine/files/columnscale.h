/* columnscale.h -- a factor for each dimension of codes: 1 / the standard deviation of its values.
 *
 * Dimensions that many words activate, or activate strongly, dominate cosines and classifiers. With
 * unit variance, rare dimensions count as much. The order of words within a dimension doesn't
 * change. Arithmetic only. */
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

/* Add all rows of a block. Add blocks in the order of rows, so that the sums don't depend on the
 * size of blocks. */
void spine_columnscale_add(struct spine_columnscale *scale, const struct spine_csr *values);
void spine_columnscale_add_dense(struct spine_columnscale *scale, const float *values, size_t rows);

/* Compute the factors, (dimensions); 1 for a dimension whose values are all the same. */
void spine_columnscale_find(const struct spine_columnscale *scale, float *factors);

/* Free what scale owns and zero it; a zeroed struct may be disposed of again. */
void spine_columnscale_dispose(struct spine_columnscale *scale);

#endif
