/* outliers.h -- a few rows or a coordinate with most of the vectors' variance.
 *
 * A row that is thousands of times as long as the others, from a damaged file, dominates the RMS by
 * which all are scaled; so do a few of them, and a coordinate with a large offset or spread. A
 * model then learns little else. */
#ifndef SPINE_FILES_OUTLIERS_H
#define SPINE_FILES_OUTLIERS_H

#include <stdbool.h>

#include "spine/ranks/comm.h"

/* This rank's rows, added block by block. */
struct spine_outliers {
    size_t dim, first_row;  /* first_row: the global number of the first one, set by the caller */
    double *sums, *squares; /* owned; (dim), of each coordinate */
    float *lengths;         /* owned; (count), divided by sqrt(D) */
    size_t count, capacity;
};

/* What was found, the same on all ranks. */
struct spine_outlier_report {
    double rms; /* of all numbers */

    /* One row has more than half of the sum of squares; or all rows together that are more than ten
     * times as long as the median of those that aren't zeros have, and they are at most a tenth of
     * the rows: */
    bool has_row;
    size_t num_far;       /* 1, or so many rows */
    double far_share;     /* their share, */
    double others_square; /* the sum of squares of the others / that of all, not rounded off; */
    size_t row;           /* the longest row's global number, */
    double row_ratio;     /* its length / the median length */

    bool has_column;     /* one coordinate has more than half of the variance: */
    size_t column;       /* its number, from 0, */
    double column_share; /* its share */
};

int spine_outliers_init(struct spine_outliers *outliers, size_t dim, struct spine_error *err);

/* Add 'count' rows; one begins every 'stride' numbers. */
int spine_outliers_add(struct spine_outliers *outliers, const float *rows, size_t count,
                       size_t stride, struct spine_error *err);

/* Examine the rows added by all ranks. Collective. */
int spine_outliers_find(const struct spine_outliers *outliers, struct spine_comm *comm,
                        struct spine_outlier_report *report, struct spine_error *err);

/* Do a few rows have so much of the sum of squares that the others, once scaled, are too short for
 * anything to be learned from them: a thousandth of what they should be? */
bool spine_outliers_spoil(const struct spine_outlier_report *report);

/* More than a description needs. */
enum { SPINE_OUTLIERS_TEXT = 512 };

/* Describe the rows found, as in "row 8 'word' is 1e+08 times as long as the median and has 100 %
 * of the sum of squares". 'word' is the row's word. */
void spine_outliers_describe(const struct spine_outlier_report *report, const char *word,
                             char text[SPINE_OUTLIERS_TEXT]);

/* Warn about the rows and the coordinate found. 'word' is the row's word, or NULL. Local: for one
 * rank. */
void spine_outliers_warn(const struct spine_outlier_report *report, const char *path,
                         const char *word);

/* Free what outliers owns and zero it; a zeroed struct may be disposed of again. */
void spine_outliers_dispose(struct spine_outliers *outliers);

#endif
