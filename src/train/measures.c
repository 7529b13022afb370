/* measures.c -- the quality and the sparsity of the codes of the clean input. */
#include "spine/train/measures.h"

#include <float.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/memory.h"

static const float NEARLY_ZERO = 0.001F; /* the published program's bound */

int spine_measures_scratch_init(struct spine_measures_scratch *scratch, size_t hidden,
                                struct spine_error *err)
{
    scratch->seen =
        spine_memory_zeroed(2 * hidden, sizeof *scratch->seen, "the activity of all units", err);
    scratch->hidden = hidden;
    if (scratch->seen == NULL)
        return -1;

    return 0;
}

void spine_measures_scratch_dispose(struct spine_measures_scratch *scratch)
{
    free(scratch->seen);
    *scratch = (struct spine_measures_scratch){0};
}

/* Count the codes of a block, and as seen those of at least 'least'; return the number of rows
 * without an active unit. */
static int64_t count_codes(const struct spine_block *block, float least, int64_t *seen,
                           int64_t *full)
{
    const bool is_capped = !block->activation.is_uncapped;
    int64_t empty = 0;

    for (size_t i = 0; i < block->rows; i++) {
        bool is_active = false;
        for (uint32_t p = block->row_begin[i]; p < block->row_begin[i + 1]; p++) {
            const float h = block->value[p];
            seen[block->unit[p]] += h >= least;
            full[block->unit[p]] += is_capped && h >= 1;
            is_active |= h > 0;
        }
        empty += !is_active;
    }
    return empty;
}

void spine_measures_begin(struct spine_measures_scratch *scratch)
{
    memset(scratch->seen, 0, 2 * scratch->hidden * sizeof *scratch->seen);
    scratch->squares = 0;
    scratch->active = scratch->empty = 0;
}

void spine_measures_add(const struct spine_params *params, struct spine_dataset *data,
                        struct spine_coder *coder, struct spine_measures_scratch *scratch,
                        size_t first, size_t count)
{
    int64_t *seen = scratch->seen, *full = seen + scratch->hidden;
    /* Codes that are solved for are as large as the rows, whatever their scale. */
    const float least = coder->solver != NULL ? FLT_TRUE_MIN : NEARLY_ZERO;

    for (struct spine_block_walk at = {0}; spine_block_next(&at, count);) {
        const float *x = spine_dataset_slice(data, 0, first + at.first, at.rows, 0);
        if (data->listed == NULL)
            spine_coder_encode_block(coder, params, first / SPINE_BLOCK_ROWS + at.number, at.rows,
                                     x, false);
        else /* rows held out */
            spine_coder_encode(coder, params, at.rows, x, false);
        scratch->squares += spine_coder_decode(coder, params, x, data->quantum);
        scratch->active += coder->sums.active;
        scratch->empty += count_codes(&coder->block, least, seen, full);
    }
}

struct spine_measures spine_measures_end(const struct spine_dataset *data, struct spine_comm *comm,
                                         struct spine_measures_scratch *scratch)
{
    const size_t hidden = scratch->hidden;
    const double rows = (double)data->part.num_rows;
    int64_t *seen = scratch->seen, *full = seen + hidden;
    int64_t counts[2] = {scratch->active, scratch->empty};
    double squares = scratch->squares, nonzero = 0;

    spine_comm_sum_doubles(comm, &squares, 1);
    spine_comm_sum_counts(comm, counts, 2);
    spine_comm_sum_counts(comm, seen, 2 * hidden);

    struct spine_measures measures = {.eval_rl = squares / (rows * (double)data->dim),
                                      .explained_variance = 1 - squares / data->variance,
                                      .l0 = (double)counts[0] / rows,
                                      .empty = counts[1]};
    for (size_t j = 0; j < hidden; j++) {
        nonzero += (double)seen[j];
        measures.dead += seen[j] == 0;
        measures.saturated += 2 * full[j] >= (int64_t)data->part.num_rows;
    }
    measures.sparsity = 1 - nonzero / (rows * (double)hidden);
    return measures;
}

struct spine_measures spine_measures_compute(const struct spine_params *params,
                                             struct spine_dataset *data, struct spine_comm *comm,
                                             struct spine_coder *coder,
                                             struct spine_measures_scratch *scratch)
{
    spine_measures_begin(scratch);
    spine_measures_add(params, data, coder, scratch, 0, spine_partition_rows(&data->part));
    return spine_measures_end(data, comm, scratch);
}
