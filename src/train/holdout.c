/* holdout.c -- rows that training doesn't see, to be measured and to get codes. */
#include "spine/train/holdout.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "spine/base/memory.h"
#include "spine/math/exact.h"
#include "spine/train/scalingfit.h"

static size_t num_local(const struct spine_dataset *data)
{
    return data->part.end_row - data->part.first_row;
}

bool spine_holdout_has(const char *word, double share)
{
    return (double)XXH3_64bits(word, strlen(word)) < share * 0x1p64;
}

/* List this rank's rows that are held out, and copy them. */
static int list_rows(struct spine_holdout *holdout, const struct spine_dataset *data, double share,
                     struct spine_error *err)
{
    const size_t stride = data->stride;
    size_t count = 0;

    for (size_t i = 0; i < num_local(data); i++)
        count += spine_holdout_has(spine_words_get(&data->words, i), share);
    holdout->local = spine_memory_get(count, sizeof *holdout->local, "rows held out", err);
    holdout->rows = spine_kernel_alloc(count * stride, "rows held out", err);
    if (holdout->local == NULL || holdout->rows == NULL)
        return -1;

    for (size_t i = 0; i < num_local(data); i++)
        if (spine_holdout_has(spine_words_get(&data->words, i), share)) {
            memcpy(holdout->rows + holdout->count * stride, data->rows + i * stride,
                   stride * sizeof *holdout->rows);
            holdout->local[holdout->count++] = i;
        }
    return 0;
}

/* --- What takes their place --------------------------------------------------------------- */

/* Of each rank: its first row, and whether it has rows that aren't held out; the first and the last of
 * those. */
struct edges {
    int64_t *begin, *has; /* (size) */
    float *rows;          /* (size, 2, stride) */
};

/* The row that is not held out and comes before this rank's rows; else the first of all. */
static const float *find_before(const struct edges *edges, const struct spine_comm *comm,
                                size_t stride)
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
    return before >= 0 ? edges->rows + ((size_t)before * 2 + 1) * stride
                       : edges->rows + (size_t)first * 2 * stride;
}

static void find_own_edges(const struct spine_holdout *holdout, const struct spine_dataset *data,
                           float *first, float *last)
{
    const size_t bytes = data->stride * sizeof *first;
    size_t held = 0;
    bool has = false;

    for (size_t i = 0; i < num_local(data); i++) {
        if (held < holdout->count && holdout->local[held] == i) {
            held++;
            continue;
        }
        if (!has)
            memcpy(first, data->rows + i * data->stride, bytes);
        memcpy(last, data->rows + i * data->stride, bytes);
        has = true;
    }
}

static void replace_rows(const struct spine_holdout *holdout, struct spine_dataset *data,
                         const float *before)
{
    for (size_t h = 0; h < holdout->count; h++) {
        const size_t i = holdout->local[h];
        /* The row above is one that is trained on, or was replaced by one just now. */
        const float *source = i == 0 ? before : data->rows + (i - 1) * data->stride;
        memcpy(data->rows + i * data->stride, source, data->stride * sizeof *source);
    }
}

/* Replace the rows held out. */
static int replace(const struct spine_holdout *holdout, struct spine_dataset *data,
                   struct spine_comm *comm, struct spine_error *err)
{
    static const char what[] = "rows beside those held out";
    const size_t size = (size_t)comm->size, rank = (size_t)comm->rank, stride = data->stride;
    int64_t *facts = spine_memory_zeroed(2 * size, sizeof *facts, what, err);
    float *own = spine_kernel_alloc(2 * stride, what, err);
    float *all = spine_kernel_alloc(2 * size * stride, what, err);
    const bool is_whole = facts != NULL && own != NULL && all != NULL;
    const int rc = spine_comm_agree(comm, -!is_whole, err);

    if (rc == 0 && is_whole) {
        const struct edges edges = {facts, facts + size, all};
        facts[rank] = (int64_t)data->part.first_row;
        facts[size + rank] = holdout->count < num_local(data);
        spine_comm_sum_counts(comm, facts, 2 * size);
        find_own_edges(holdout, data, own, own + stride);
        spine_comm_collect(comm, own, 2 * stride, all);
        replace_rows(holdout, data, find_before(&edges, comm, stride));
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
    double squares = 0;

    for (size_t i = 0; i < holdout->count; i++)
        for (size_t k = 0; k < data->dim; k++) {
            const double entry = (double)holdout->rows[i * data->stride + k] - mean[k];
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
        rc = replace(holdout, data, comm, err);
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
    view.part.first_row = 0;
    view.part.end_row = holdout->count;
    view.part.num_rows = holdout->total;
    view.variance = holdout->variance;
    view.is_view = true;
    return view;
}

void spine_holdout_end(const struct spine_holdout *holdout, struct spine_dataset *data)
{
    for (size_t h = 0; h < holdout->count; h++)
        memcpy(data->rows + holdout->local[h] * data->stride, holdout->rows + h * data->stride,
               data->stride * sizeof *data->rows);
}

void spine_holdout_dispose(struct spine_holdout *holdout)
{
    free(holdout->local);
    free(holdout->rows);
    *holdout = (struct spine_holdout){0};
}
