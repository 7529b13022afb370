/* outliers.c -- a few rows or a coordinate with most of the vectors' variance. */
#include "spine/files/outliers.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/log.h"
#include "spine/base/memory.h"
#include "spine/ranks/order.h"
#include "spine/text/lines.h"

enum { LEAST_ROWS = 10, LEAST_DIM = 2 }; /* of fewer, one may easily be half */

/* Rows are far if they are so many times as long as the median. If they are more than this share of
 * all rows, they aren't outliers. */
static const float FAR = 10;
static const double MOST_FAR = 0.1;

/* The others' share of the sum of squares below which nothing can be learned from them. */
static const double SPOILED = 1e-6;

int spine_outliers_init(struct spine_outliers *outliers, size_t dim, struct spine_error *err)
{
    *outliers = (struct spine_outliers){.dim = dim};
    outliers->sums = spine_memory_zeroed(dim, sizeof(double), "sums", err);
    outliers->squares = spine_memory_zeroed(dim, sizeof(double), "sums of squares", err);
    if (outliers->sums != NULL && outliers->squares != NULL)
        return 0;
    spine_outliers_dispose(outliers);
    return -1;
}

int spine_outliers_add(struct spine_outliers *outliers, const float *rows, size_t count,
                       size_t stride, struct spine_error *err)
{
    if (spine_memory_reserve(&outliers->lengths, &outliers->capacity, outliers->count + count,
                             sizeof *outliers->lengths, "the rows' lengths", err))
        return -1;

    for (size_t i = 0; i < count; i++) {
        const float *row = rows + i * stride;
        double length = 0;
#pragma omp simd reduction(+ : length)
        for (size_t k = 0; k < outliers->dim; k++) {
            const double value = row[k], square = value * value;
            outliers->sums[k] += value;
            outliers->squares[k] += square;
            length += square;
        }
        outliers->lengths[outliers->count++] = (float)sqrt(length / (double)outliers->dim);
    }
    return 0;
}

/* Find the longest row of all ranks. */
static void find_longest(const struct spine_outliers *outliers, struct spine_comm *comm,
                         struct spine_outlier_report *report, float *length)
{
    size_t longest = 0;
    uint32_t bits = 0;

    for (size_t i = 1; i < outliers->count; i++)
        if (outliers->lengths[i] > outliers->lengths[longest])
            longest = i;
    /* Non-negative floats are in the order of their bits. */
    if (outliers->count > 0)
        memcpy(&bits, &outliers->lengths[longest], sizeof bits);
    const int64_t most = spine_comm_max(comm, bits);
    const bool is_here = outliers->count > 0 && most == (int64_t)bits;
    report->row = (size_t)-spine_comm_max(comm, is_here ? -(int64_t)(outliers->first_row + longest)
                                                        : INT64_MIN + 1);
    bits = (uint32_t)most;
    memcpy(length, &bits, sizeof bits);
}

/* Find the rows that are far longer than the median, and the longest one's ratio to it. */
static void find_far(const struct spine_outliers *outliers, struct spine_comm *comm, float longest,
                     struct spine_outlier_report *report)
{
    const float *lengths = outliers->lengths;
    const int64_t rows = spine_order_count(comm, lengths, outliers->count, INFINITY);
    const int64_t zeros = spine_order_count(comm, lengths, outliers->count, 0);
    const float median =
        spine_order_find(comm, lengths, outliers->count, zeros + (rows - zeros) / 2);
    const float bound = FAR * median;
    double squares[2] = {0, 0}; /* of far rows, of others */
    int64_t count = 0;

    for (size_t i = 0; i < outliers->count; i++) {
        const bool is_far = lengths[i] > bound;
        squares[!is_far] += (double)lengths[i] * (double)lengths[i];
        count += is_far;
    }
    spine_comm_sum_doubles(comm, squares, 2);
    spine_comm_sum_counts(comm, &count, 1);

    const double all = squares[0] + squares[1];
    report->row_ratio = median > 0 ? (double)longest / (double)median : 0;
    report->num_far = (size_t)count;
    report->far_share = all > 0 ? squares[0] / all : 0;
    report->others_square = all > 0 ? squares[1] / all : 0;
}

/* Find the coordinate with the largest variance. 'sums' has sums, then squares, over all ranks. */
static void find_column(const double *sums, size_t dim, double rows,
                        struct spine_outlier_report *report)
{
    double all = 0, most = 0;

    for (size_t k = 0; k < dim; k++) {
        const double mean = sums[k] / rows;
        const double variance = fmax(0, sums[dim + k] / rows - mean * mean);
        all += variance;
        if (variance > most) {
            most = variance;
            report->column = k;
        }
    }
    report->column_share = all > 0 ? most / all : 0;
    report->has_column =
        dim >= LEAST_DIM && rows >= LEAST_ROWS && report->column_share > .5 + .5 / (double)dim;
}

int spine_outliers_find(const struct spine_outliers *outliers, struct spine_comm *comm,
                        struct spine_outlier_report *report, struct spine_error *err)
{
    const size_t dim = outliers->dim;
    int64_t rows = (int64_t)outliers->count;
    double all = 0;
    float longest = 0;

    memset(report, 0, sizeof *report);
    double *sums = spine_memory_get(2 * dim, sizeof *sums, "sums", err);
    if (spine_comm_agree(comm, -(sums == NULL), err)) {
        free(sums);
        return -1;
    }
    memcpy(sums, outliers->sums, dim * sizeof *sums);
    memcpy(sums + dim, outliers->squares, dim * sizeof *sums);
    spine_comm_sum_doubles(comm, sums, 2 * dim);
    spine_comm_sum_counts(comm, &rows, 1);

    for (size_t k = 0; k < dim; k++)
        all += sums[dim + k];
    report->rms = rows > 0 ? sqrt(all / ((double)rows * (double)dim)) : 0;
    if (rows > 0)
        find_column(sums, dim, (double)rows, report);
    free(sums);
    find_longest(outliers, comm, report, &longest);
    if (rows < LEAST_ROWS || !(all > 0))
        return 0;

    const double share = (double)longest * (double)longest * (double)dim / all;
    find_far(outliers, comm, longest, report);
    report->has_row = report->far_share > .5 && (double)report->num_far <= MOST_FAR * (double)rows;
    if (!report->has_row && share > .5) {
        report->has_row = true;
        report->num_far = 1;
        report->far_share = share;
        report->others_square = 1 - share;
    }
    return 0;
}

bool spine_outliers_spoil(const struct spine_outlier_report *report)
{
    return report->has_row && report->others_square < SPOILED;
}

void spine_outliers_describe(const struct spine_outlier_report *report, const char *word,
                             char text[SPINE_OUTLIERS_TEXT])
{
    char quoted[SPINE_LINES_QUOTE];

    spine_lines_quote(quoted, word, strlen(word));
    if (report->num_far == 1 && report->row_ratio <= (double)FAR) /* most others are zero */
        snprintf(text, SPINE_OUTLIERS_TEXT, "row %zu %s has %.3g %% of the sum of squares",
                 report->row + 1, quoted, 100 * report->far_share);
    else if (report->num_far == 1)
        snprintf(text, SPINE_OUTLIERS_TEXT,
                 "row %zu %s is %.4g times as long as the median and has %.3g %% of the sum of "
                 "squares",
                 report->row + 1, quoted, report->row_ratio, 100 * report->far_share);
    else
        snprintf(text, SPINE_OUTLIERS_TEXT,
                 "%zu rows are more than %g times as long as the median and have %.3g %% of the "
                 "sum of squares; the longest, row %zu %s, is %.4g times as long",
                 report->num_far, (double)FAR, 100 * report->far_share, report->row + 1, quoted,
                 report->row_ratio);
}

void spine_outliers_warn(const struct spine_outlier_report *report, const char *path,
                         const char *word)
{
    char rows[SPINE_OUTLIERS_TEXT];

    if (report->has_row) {
        spine_outliers_describe(report, word, rows);
        spine_log_warning("%s: %s; %s damaged? data.clip shortens such rows", path, rows,
                          report->num_far == 1 ? "is it" : "are they");
    }
    if (report->has_column)
        spine_log_warning("%s: number %zu of the vectors has %.3g %% of their variance; "
                          "data.whiten = column gives all coordinates the same",
                          path, report->column + 1, 100 * report->column_share);
}

void spine_outliers_dispose(struct spine_outliers *outliers)
{
    free(outliers->sums);
    free(outliers->squares);
    free(outliers->lengths);
    *outliers = (struct spine_outliers){0};
}
