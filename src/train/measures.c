/* measures.c -- how good and how sparse the codes of the clean input are. */
#include "spine/train/measures.h"

#include <stdlib.h>
#include <string.h>

#include "spine/base/memory.h"

static const float NEARLY_ZERO = 0.001F; /* the published program's bound */

int spine_measures_scratch_init(struct spine_measures_scratch *scratch, size_t hidden,
                                struct spine_error *err)
{
    scratch->seen =
        spine_memory_zeroed(2 * hidden, sizeof *scratch->seen, "the activity of all units", err);
    if (scratch->seen == NULL)
        return -1;

    return 0;
}

void spine_measures_scratch_dispose(struct spine_measures_scratch *scratch)
{
    free(scratch->seen);
    *scratch = (struct spine_measures_scratch){0};
}

static void count_codes(size_t rows, size_t hidden, const float *h, int64_t *seen, int64_t *full)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < hidden; j++) {
            seen[j] += h[i * hidden + j] >= NEARLY_ZERO;
            full[j] += h[i * hidden + j] >= 1;
        }
}

static double count_empty(size_t rows, size_t hidden, const float *h)
{
    double empty = 0;
    for (size_t i = 0; i < rows; i++) {
        int active = 0;
        for (size_t j = 0; j < hidden; j++)
            active |= h[i * hidden + j] > 0;
        empty += !active;
    }
    return empty;
}

struct spine_measures spine_measures_compute(const struct spine_params *params,
                                             struct spine_dataset *data, struct spine_comm *comm,
                                             struct spine_workspace *work,
                                             struct spine_measures_scratch *scratch)
{
    const size_t hidden = params->hidden, local = data->part.end_row - data->part.first_row;
    const double entries = (double)data->part.num_rows * (double)params->dim;
    const double pairs = (double)data->part.num_rows * (double)hidden;
    int64_t *seen = scratch->seen, *full = seen + hidden;
    memset(seen, 0, 2 * hidden * sizeof *seen);
    double sums[3] = {0, 0, 0}; /* squares, active, empty */

    for (size_t first = 0; first < local; first += work->most_rows) {
        const size_t count = local - first < work->most_rows ? local - first : work->most_rows;
        const struct spine_batch batch = spine_dataset_slice(data, 0, first, count, 0);
        spine_model_encode(params, &batch, SPINE_DENSE, work); /* fills work->h */
        spine_model_decode(params, &batch, data->part.num_rows, work);
        count_codes(count, hidden, work->h, seen, full);
        sums[2] += count_empty(count, hidden, work->h);
        sums[0] += work->loss.squares;
        sums[1] += (double)work->loss.active;
    }
    spine_comm_sum_doubles(comm, sums, 3);
    spine_comm_sum_counts(comm, seen, 2 * hidden);

    struct spine_measures measures = {.eval_rl = sums[0] / entries,
                                      .explained_variance = 1 - sums[0] / data->variance,
                                      .l0 = sums[1] / (double)data->part.num_rows,
                                      .empty = (int64_t)sums[2]};
    double nonzero = 0;
    for (size_t j = 0; j < hidden; j++) {
        nonzero += (double)seen[j];
        measures.dead += seen[j] == 0;
        measures.saturated += 2 * full[j] >= (int64_t)data->part.num_rows;
    }
    measures.sparsity = 1 - nonzero / pairs;
    return measures;
}
