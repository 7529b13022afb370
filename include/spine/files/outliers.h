/* outliers.h -- a row or a coordinate with most of the vectors' variance.
 *
 * A row that is thousands of times as long as the others, from a damaged file, dominates the RMS by
 * which all are scaled; so does a coordinate with a large offset or spread. A model then learns
 * little else. */
#ifndef SPINE_FILES_OUTLIERS_H
#define SPINE_FILES_OUTLIERS_H

#include <stdbool.h>

#include "spine/ranks/comm.h"

/* This rank's rows, added block by block. */
struct spine_outliers {
    size_t dim;
    double *sums, *squares; /* owned; (dim), of each coordinate */
    float *lengths;         /* owned; (count), divided by sqrt(D) */
    size_t count, capacity;
};

/* What was found, the same on all ranks. */
struct spine_outlier_report {
    double rms; /* of all numbers */

    bool has_row;     /* one row has more than half of the sum of squares: */
    size_t row;       /* its global number, */
    double row_share; /* its share, */
    double row_ratio; /* its length / the median length; 0 if that is 0 */

    bool has_column;     /* one coordinate has more than half of the variance: */
    size_t column;       /* its number, from 0, */
    double column_share; /* its share */
};

int spine_outliers_init(struct spine_outliers *outliers, size_t dim, struct spine_error *err);

/* Add 'count' rows; one begins every 'stride' numbers. */
int spine_outliers_add(struct spine_outliers *outliers, const float *rows, size_t count,
                       size_t stride, struct spine_error *err);

/* Examine the rows added by all ranks; this rank's begin at global row 'first_row'. Collective. */
int spine_outliers_find(const struct spine_outliers *outliers, struct spine_comm *comm,
                        size_t first_row, struct spine_outlier_report *report,
                        struct spine_error *err);

/* Warn about the row and the coordinate found. 'word' is the row's word, or NULL. Local: for one
 * rank. */
void spine_outliers_warn(const struct spine_outlier_report *report, const char *path,
                         const char *word);

/* Free what outliers owns and zero it; a zeroed struct may be disposed of again. */
void spine_outliers_dispose(struct spine_outliers *outliers);

#endif
