/* outliers.h -- is there one row or one coordinate that makes nearly all of the vectors' variance?
 *
 * A single row of a damaged file, thousands of times as long as the others, makes the RMS by which
 * all are scaled; a coordinate with a large offset or spread does the same. A model then learns
 * little else. */
#ifndef SPINE_FILES_OUTLIERS_H
#define SPINE_FILES_OUTLIERS_H

#include <stdbool.h>

#include "spine/ranks/comm.h"

/* This rank's rows, added block by block. */
struct spine_outliers {
    size_t dim;
    double *sums, *squares; /* owned; (dim), of each coordinate */
    float *lengths;         /* owned; (count), squared */
    size_t count, capacity;
};

/* What was found, the same on all ranks. */
struct spine_outlier_report {
    double rms; /* of all numbers */

    bool has_row;     /* one row makes more than half of the sum of squares: */
    size_t row;       /* this one of all ranks', */
    double row_share; /* so much of it, */
    double row_ratio; /* its length / the median length; 0 if that is 0 */

    bool has_column; /* one coordinate makes more than half of the variance: */
    size_t column;   /* this one, from 0 */
    double column_share;
};

int spine_outliers_init(struct spine_outliers *outliers, size_t dim, struct spine_error *err);

/* Add 'count' rows, of which one begins every 'stride' numbers. */
int spine_outliers_add(struct spine_outliers *outliers, const float *rows, size_t count,
                       size_t stride, struct spine_error *err);

/* Look at the rows of all ranks; this rank's begin at 'first_row'. Collective. */
int spine_outliers_find(const struct spine_outliers *outliers, struct spine_comm *comm,
                        size_t first_row, struct spine_outlier_report *report,
                        struct spine_error *err);

/* Warn of what was found; 'word' is that of the row, NULL where there is none. Local: for one rank. */
void spine_outliers_warn(const struct spine_outlier_report *report, const char *path,
                         const char *word);

/* Free what outliers owns and zero it; a zeroed struct may be disposed of again. */
void spine_outliers_dispose(struct spine_outliers *outliers);

#endif
