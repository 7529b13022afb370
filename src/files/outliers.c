/* outliers.c -- a row or a coordinate with most of the vectors' variance. */
#include "spine/files/outliers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/log.h"
#include "spine/base/memory.h"
#include "spine/text/lines.h"

enum { LEAST_ROWS = 10, LEAST_DIM = 2 }; /* of fewer, one may easily be half */

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
                         size_t first_row, struct spine_outlier_report *report, float *length)
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
    report->row =
        (size_t)-spine_comm_max(comm, is_here ? -(int64_t)(first_row + longest) : INT64_MIN + 1);
    bits = (uint32_t)most;
    memcpy(length, &bits, sizeof bits);
}

static int compare(const void *a, const void *b)
{
    const float first = *(const float *)a, second = *(const float *)b;

    return (first > second) - (first < second);
}

/* Find the ratio of this length to the median length. */
static int find_ratio(const struct spine_outliers *outliers, struct spine_comm *comm, float length,
                      double *ratio, struct spine_error *err)
{
    char *all = NULL;
    size_t bytes = 0;

    if (spine_comm_gather(comm, outliers->lengths, outliers->count * sizeof length, &all, &bytes,
                          err))
        return -1;
    if (comm->rank == 0) {
        const size_t count = bytes / sizeof length;
        float median;
        qsort(all, count, sizeof length, compare);
        memcpy(&median, all + count / 2 * sizeof length, sizeof median);
        *ratio = median > 0 ? (double)length / (double)median : 0;
    }
    free(all);
    spine_comm_broadcast(comm, ratio, sizeof *ratio);
    return 0;
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
                        size_t first_row, struct spine_outlier_report *report,
                        struct spine_error *err)
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
    find_longest(outliers, comm, first_row, report, &longest);
    report->row_share = all > 0 ? (double)longest * (double)longest * (double)dim / all : 0;
    report->has_row = rows >= LEAST_ROWS && report->row_share > .5;
    return report->has_row ? find_ratio(outliers, comm, longest, &report->row_ratio, err) : 0;
}

void spine_outliers_warn(const struct spine_outlier_report *report, const char *path,
                         const char *word)
{
    char quoted[SPINE_LINES_QUOTE];

    if (report->has_row) {
        spine_lines_quote(quoted, word, strlen(word));
        spine_log_warning("%s: row %zu %s is %.4g times as long as the median and has %.3g %% of "
                          "the sum of squares; is it damaged? data.clip shortens such rows",
                          path, report->row + 1, quoted, report->row_ratio,
                          100 * report->row_share);
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
