/* extremes.c -- a row or a coordinate with nearly all of the input's sum of squares. */
#include "spine/train/extremes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/log.h"
#include "spine/base/memory.h"

static const double ROW_SHARE = 0.5, COORDINATE_SHARE = 0.9;
/* The root mean square that the settings are for, and the factor by which others may differ. */
static const double USUAL_RMS = 0.4, MOST_FACTOR = 100;
enum { LEAST_ROWS = 20, LEAST_COORDINATES = 4, MOST_WORD = 60 };

/* The longest row of a rank. */
struct longest {
    double square;
    uint64_t row; /* global */
    char word[MOST_WORD + 1];
};

/* Find this rank's longest row, and the sums of squares of its rows by coordinate, (D). */
static struct longest add_rows(struct spine_dataset *data, double *squares)
{
    struct longest longest = {.square = 0};
    struct spine_pass pass = {0};
    size_t at = 0;

    for (const float *row; (row = spine_dataset_next(data, &pass)) != NULL;) {
        double square = 0;
        for (size_t k = 0; k < data->dim; k++) {
            const double entry = (double)row[k] * (double)row[k];
            squares[k] += entry;
            square += entry;
        }
        if (square > longest.square) {
            longest.square = square;
            at = pass.next - 1;
        }
    }
    longest.row = data->part.first_row + at;
    if (longest.square > 0)
        snprintf(longest.word, sizeof longest.word, "%s", spine_words_get(&data->words, at));
    return longest;
}

/* On rank 0. */
static bool warn_of_row(const struct longest *all, size_t count, double total, size_t num_rows)
{
    const struct longest *longest = &all[0];

    for (size_t i = 1; i < count; i++)
        if (all[i].square > longest->square)
            longest = &all[i];
    if (num_rows < LEAST_ROWS || !(longest->square > ROW_SHARE * total))
        return false;

    const double rest = fmax(total - longest->square, 0x1p-52 * total); /* it may be rounded off */
    const double others = rest / (double)(num_rows - 1);
    spine_log_warning("row %llu '%s' is %.3g times as long as the root mean square of the others "
                      "and has %.3g %% of the input's sum of squares, so the others are scaled to "
                      "almost nothing; data.clip shortens such rows",
                      (unsigned long long)longest->row + 1, longest->word,
                      sqrt(longest->square / others), 100 * longest->square / total);
    return true;
}

/* On rank 0. */
static bool warn_of_coordinate(const double *squares, size_t dim, double total)
{
    size_t largest = 0;

    for (size_t k = 1; k < dim; k++)
        if (squares[k] > squares[largest])
            largest = k;
    if (dim < LEAST_COORDINATES || !(squares[largest] > COORDINATE_SHARE * total))
        return false;

    spine_log_warning(
        "coordinate %zu of %zu has %.3g %% of the input's sum of squares, so the "
        "others are scaled to almost nothing; data.whiten = column gives all the same "
        "variance",
        largest + 1, dim, 100 * squares[largest] / total);
    return true;
}

/* On rank 0. */
static void warn_of_scale(double total, size_t num_rows, size_t dim)
{
    const double rms = sqrt(total / ((double)num_rows * (double)dim));

    if (rms > 0 && (rms > MOST_FACTOR * USUAL_RMS || rms < USUAL_RMS / MOST_FACTOR))
        spine_log_warning(
            "the rows have a root mean square of %.3g, but the noise, the learning rate "
            "and the losses are for values of about %g; data.rms = %g scales them",
            rms, USUAL_RMS, USUAL_RMS);
}

int spine_extremes_warn(struct spine_dataset *data, struct spine_comm *comm, bool needs_scale,
                        bool *found, struct spine_error *err)
{
    double *squares =
        spine_memory_zeroed(data->dim, sizeof *squares, "the squares of all coordinates", err);
    char *all = NULL;
    size_t bytes = 0;
    int rc = 0;

    *found = false;
    if (squares == NULL)
        rc = -1;
    rc = spine_comm_agree(comm, rc, err);
    if (rc == 0) {
        const struct longest longest = add_rows(data, squares);
        spine_comm_sum_doubles(comm, squares, data->dim);
        rc = spine_comm_gather(comm, &longest, sizeof longest, &all, &bytes, err);
    }

    if (rc == 0 && comm->rank == 0) {
        double total = 0;
        for (size_t k = 0; k < data->dim; k++)
            total += squares[k];
        *found = warn_of_row((const struct longest *)(const void *)all,
                             bytes / sizeof(struct longest), total, data->part.num_rows);
        *found = *found || warn_of_coordinate(squares, data->dim, total);
        if (!*found && needs_scale)
            warn_of_scale(total, data->part.num_rows, data->dim);
    }
    free(all);
    free(squares);
    return rc;
}
