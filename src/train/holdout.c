/* holdout.c -- rows that training doesn't see, but that are measured and encoded. */
#include "spine/train/holdout.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "spine/base/memory.h"
#include "spine/math/exact.h"
#include "spine/train/scalingfit.h"

bool spine_holdout_has(const char *word, double share)
{
    return (double)XXH3_64bits(word, strlen(word)) < share * 0x1p64;
}

/* List this rank's rows that are held out, and copy them. */
static int list_rows(struct spine_holdout *holdout, const struct spine_dataset *data, double share,
                     struct spine_error *err)
{
    static const char what[] = "rows held out";
    const size_t stride = data->stride, local = spine_partition_rows(&data->part);
    size_t count = 0;

    for (size_t i = 0; i < local; i++)
        count += spine_holdout_has(spine_words_get(&data->words, i), share);
    holdout->substitutes = spine_memory_get(count, sizeof *holdout->substitutes, what, err);
    if (holdout->substitutes == NULL)
        return -1;
    if (data->rows != NULL) {
        holdout->rows = spine_kernel_alloc(count * stride, what, err);
        if (holdout->rows == NULL)
            return -1;
    }

    for (size_t i = 0; i < local; i++) {
        if (!spine_holdout_has(spine_words_get(&data->words, i), share))
            continue;
        if (data->rows != NULL)
            memcpy(holdout->rows + holdout->count * stride, data->rows + i * stride,
                   stride * sizeof *holdout->rows);
        holdout->substitutes[holdout->count++].row = data->part.first_row + i;
    }
    return 0;
}

/* --- Their replacements ------------------------------------------------------------------- */

/* Of each rank: its first row; whether it has rows that aren't held out; the first and the last of
 * those. */
struct edges {
    int64_t *begin, *has; /* (size) */
    int64_t *ends;        /* (size, 2) */
    float *rows;          /* (size, 2, stride), of rows in memory */
};

/* Find the end that is the nearest row before this rank's rows that isn't held out, or else the
 * first such row of all. */
static size_t find_before(const struct edges *edges, const struct spine_comm *comm)
{
    const int64_t own = edges->begin[comm->rank];
    int before = -1, first = -1;

    for (int rank = 0; rank < comm->size; rank++) {
        if (!edges->has[rank])
            continue;
        if (edges->begin[rank] < own && (before < 0 || edges->begin[rank] > edges->begin[before]))
            before = rank;
        if (first < 0 || edges->begin[rank] < edges->begin[first])
            first = rank;
    }
    return before >= 0 ? (size_t)before * 2 + 1 : (size_t)first * 2;
}

/* Find this rank's first and last row that aren't held out, if it has any. */
static void find_own_ends(const struct spine_holdout *holdout, const struct spine_dataset *data,
                          int64_t *ends)
{
    size_t held = 0;
    bool has = false;

    for (size_t row = data->part.first_row; row < data->part.end_row; row++) {
        if (held < holdout->count && holdout->substitutes[held].row == row) {
            held++;
            continue;
        }
        if (!has)
            ends[0] = (int64_t)row;
        ends[1] = (int64_t)row;
        has = true;
    }
}

/* Find the source of each row held out: the row before it or, if that is held out, its source. */
static void find_sources(const struct spine_holdout *holdout, const struct spine_dataset *data,
                         size_t before)
{
    for (size_t h = 0; h < holdout->count; h++) {
        struct spine_substitute *own = &holdout->substitutes[h];
        if (own->row == data->part.first_row)
            own->source = before;
        else
            own->source = h > 0 && own[-1].row == own->row - 1 ? own[-1].source : own->row - 1;
    }
}

static void replace_rows(const struct spine_holdout *holdout, struct spine_dataset *data,
                         const float *before)
{
    const size_t first = data->part.first_row;

    for (size_t h = 0; h < holdout->count; h++) {
        const size_t source = holdout->substitutes[h].source;
        const bool is_own = source >= first && source < data->part.end_row;
        memcpy(data->rows + (holdout->substitutes[h].row - first) * data->stride,
               is_own ? data->rows + (source - first) * data->stride : before,
               data->stride * sizeof *before);
    }
}

/* Find the replacements of this rank's rows, and replace them if they are in memory. The edges are
 * zeroed. */
static void replace(const struct spine_holdout *holdout, struct spine_dataset *data,
                    struct spine_comm *comm, const struct edges *edges, float *own)
{
    const size_t size = (size_t)comm->size, rank = (size_t)comm->rank, stride = data->stride;
    int64_t *ends = edges->ends + 2 * rank;

    edges->begin[rank] = (int64_t)data->part.first_row;
    edges->has[rank] = holdout->count < spine_partition_rows(&data->part);
    find_own_ends(holdout, data, ends);
    for (size_t i = 0; data->rows != NULL && edges->has[rank] && i < 2; i++)
        memcpy(own + i * stride, data->rows + ((size_t)ends[i] - data->part.first_row) * stride,
               stride * sizeof *own);
    spine_comm_sum_counts(comm, edges->begin, 4 * size); /* all of them */
    if (data->rows != NULL)
        spine_comm_collect(comm, own, 2 * stride, edges->rows);

    const size_t before = find_before(edges, comm);
    find_sources(holdout, data, (size_t)edges->ends[before]);
    if (data->rows != NULL)
        replace_rows(holdout, data, edges->rows + before * stride);
    data->stream.substitutes = holdout->substitutes;
    data->stream.num_substitutes = holdout->count;
}

/* Replace the rows held out. */
static int replace_all(const struct spine_holdout *holdout, struct spine_dataset *data,
                       struct spine_comm *comm, struct spine_error *err)
{
    static const char what[] = "rows beside those held out";
    const size_t size = (size_t)comm->size;
    const size_t floats = data->rows == NULL ? 0 : 2 * data->stride;
    int64_t *facts = spine_memory_zeroed(4 * size, sizeof *facts, what, err);
    float *own = spine_kernel_alloc(floats, what, err);
    float *all = spine_kernel_alloc(size * floats, what, err);
    const bool is_whole = facts != NULL && own != NULL && all != NULL;
    const int rc = spine_comm_agree(comm, -!is_whole, err);

    if (rc == 0 && is_whole) {
        const struct edges edges = {facts, facts + size, facts + 2 * size, all};
        replace(holdout, data, comm, &edges, own);
    }

    free(facts);
    free(own);
    free(all);
    return rc;
}

/* --- Their variance ----------------------------------------------------------------------- */

static double sum_squares(const struct spine_holdout *holdout, const struct spine_dataset *data,
                          struct spine_comm *comm, const double *mean)
{
    struct spine_dataset held_out = spine_holdout_view(holdout, data);
    struct spine_pass pass = {0};
    double squares = 0;

    for (const float *row; (row = spine_dataset_next(&held_out, &pass)) != NULL;)
        for (size_t k = 0; k < data->dim; k++) {
            const double entry = (double)row[k] - mean[k];
            squares += spine_exact_round(entry * entry, data->quantum);
        }
    spine_comm_sum_doubles(comm, &squares, 1);
    return squares;
}

int spine_holdout_begin(struct spine_holdout *holdout, struct spine_dataset *data,
                        struct spine_comm *comm, double share, struct spine_error *err)
{
    *holdout = (struct spine_holdout){0};
    double *mean = spine_memory_get(data->dim, sizeof *mean, "the mean row", err);
    int rc = mean == NULL ? -1 : list_rows(holdout, data, share, err);
    rc = spine_comm_agree(comm, rc, err);

    if (rc == 0) {
        int64_t total = (int64_t)holdout->count;
        spine_comm_sum_counts(comm, &total, 1);
        holdout->total = (size_t)total;
        if (holdout->total == 0 || holdout->total == data->part.num_rows)
            rc = spine_refuse(err, "data.holdout: %.15g of %zu rows holds out %s", share,
                              data->part.num_rows, holdout->total == 0 ? "none" : "all");
    }
    if (rc == 0)
        rc = replace_all(holdout, data, comm, err);
    if (rc == 0)
        rc = spine_scalingfit_measure(data, comm, mean, err);
    if (rc == 0)
        holdout->variance = sum_squares(holdout, data, comm, mean);
    free(mean);
    return rc;
}

struct spine_dataset spine_holdout_view(const struct spine_holdout *holdout,
                                        const struct spine_dataset *data)
{
    struct spine_dataset view = *data;

    view.rows = holdout->rows;
    view.listed = holdout->substitutes;
    view.stream.substitutes = NULL;
    view.stream.num_substitutes = 0;
    view.part.first_row = 0;
    view.part.end_row = holdout->count;
    view.part.num_rows = holdout->total;
    view.variance = holdout->variance;
    view.is_view = true;
    return view;
}

int spine_holdout_end(const struct spine_holdout *holdout, struct spine_dataset *data,
                      struct spine_error *err)
{
    data->stream.substitutes = NULL;
    data->stream.num_substitutes = 0;
    if (data->packed != NULL && holdout->count > 0)
        return spine_dataset_pack(data, err);

    for (size_t h = 0; data->rows != NULL && h < holdout->count; h++)
        memcpy(data->rows + (holdout->substitutes[h].row - data->part.first_row) * data->stride,
               holdout->rows + h * data->stride, data->stride * sizeof *data->rows);
    return 0;
}

void spine_holdout_dispose(struct spine_holdout *holdout)
{
    free(holdout->substitutes);
    free(holdout->rows);
    *holdout = (struct spine_holdout){0};
}
