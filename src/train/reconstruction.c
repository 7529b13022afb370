/* reconstruction.c -- the reconstruction of a step's rows, and its residual. */
#include "spine/train/reconstruction.h"

#include "spine/math/decoding.h"
#include "spine/math/exact.h"
#include "spine/train/codes.h"
#include "spine/train/minibatch.h"

enum { ROWS = SPINE_BLOCK_ROWS };

/* Compute dY of a row in a chunk, for each width including all greater ones. */
static void find_residuals(const struct spine_stepper *stepper, const struct spine_dataset *data,
                           size_t row, size_t chunk, float factor,
                           struct spine_reconstruction *sums)
{
    const struct spine_step_memory *own = &stepper->memory;
    const size_t stride = data->stride, apart = own->slots * stride;
    const size_t prefixes = stepper->settings.prefixes.count;
    const float *x = spine_minibatch_rows(stepper)->clean + row * stride;
    float *y = own->y + row * stride;

    for (size_t w = 0; w <= prefixes; w++) {
        const double squares = spine_exact_round(
            (double)spine_chunk_residual(stride, chunk, x, factor, y + w * apart), data->quantum);
        *(w == prefixes ? &sums->squares : &sums->nested) += squares;
    }
    for (size_t w = prefixes; w-- > 0;)
        spine_chunk_add(stride, chunk, y + (w + 1) * apart, y + w * apart);
}

/* The same for some rows of a block, in some chunks. Seven parameters: ranges, and the sums. */
static void decode_rows(struct spine_stepper *stepper, const struct spine_dataset *data,
                        size_t block, struct spine_range rows, struct spine_range chunks,
                        float factor, struct spine_reconstruction *sums)
{
    struct spine_step_memory *own = &stepper->memory;
    const struct spine_prefixes *prefixes = &stepper->settings.prefixes;
    const size_t first = block * ROWS, columns = (size_t)stepper->grid->columns;
    const struct spine_block *const *tiles = spine_codes_tiles(stepper, block);
    float *y = own->y + first * data->stride;

    if (prefixes->count > 0)
        spine_block_decode_nested(tiles, columns, &own->scratch, rows.first, rows.end, chunks.first,
                                  chunks.end, &stepper->params, prefixes, own->slots * data->stride,
                                  y);
    else
        spine_block_decode(tiles, columns, &own->scratch, rows.first, rows.end, chunks.first,
                           chunks.end, &stepper->params, y);
    for (size_t i = first + rows.first; i < first + rows.end; i++)
        for (size_t c = chunks.first; c < chunks.end; c++)
            find_residuals(stepper, data, i, c, factor, sums);
}

/* Each rank has a share of the rows' chunks; in dense mode of several rows together, which is
 * faster. */
struct spine_reconstruction spine_reconstruction_find(struct spine_stepper *stepper,
                                                      const struct spine_dataset *data,
                                                      size_t batch_rows)
{
    const struct spine_step_memory *own = &stepper->memory;
    const size_t few = stepper->mode == SPINE_DENSE ? 4 : 1;
    const size_t chunks = spine_chunks(data->stride), count = own->slots / few * chunks;
    const size_t rank = (size_t)stepper->memory.team.rank, size = (size_t)stepper->memory.team.size;
    const size_t end = count * (rank + 1) / size;
    const float factor = (float)(2 / ((double)batch_rows * (double)data->dim));
    const double begun = spine_stepper_begin_span(stepper);
    struct spine_reconstruction sums = {0, 0};

    for (size_t i = count * rank / size; i < end;) {
        const size_t row = i / chunks * few, left = end - i, first = i % chunks;
        const size_t last = left < chunks - first ? first + left : chunks;
        const size_t block = row / ROWS, rows = own->blocks[block].rows;
        const size_t stop = row % ROWS + few < rows ? row % ROWS + few : rows;
        if (row % ROWS < rows)
            decode_rows(stepper, data, block, (struct spine_range){row % ROWS, stop},
                        (struct spine_range){first, last}, factor, &sums);
        i += last - first;
    }
    spine_stepper_end_span(stepper, "decode", begun);
    return sums;
}
