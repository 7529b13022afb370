/* reconstruction.c -- what a step makes of its codes, and how far that is from the rows. */
#include "spine/train/reconstruction.h"

#include "spine/math/decoding.h"
#include "spine/math/exact.h"
#include "spine/train/codes.h"
#include "spine/train/minibatch.h"

enum { ROWS = SPINE_BLOCK_ROWS };

/* dY of some rows of a block, in some chunks; returns their squares. */
static double decode_rows(struct spine_stepper *stepper, const struct spine_dataset *data,
                          size_t block, struct spine_range rows, struct spine_range chunks,
                          float factor)
{
    struct spine_step_memory *own = &stepper->memory;
    const size_t stride = data->stride, first = block * ROWS;
    const float *clean = spine_minibatch_rows(stepper)->clean;
    double squares = 0;

    spine_block_decode(spine_codes_tiles(stepper, block), (size_t)stepper->grid->columns,
                       &own->scratch, rows.first, rows.end, chunks.first, chunks.end,
                       &stepper->params, own->y + first * stride);
    for (size_t i = first + rows.first; i < first + rows.end; i++)
        for (size_t c = chunks.first; c < chunks.end; c++)
            squares += spine_exact_round((double)spine_chunk_residual(stride, c, clean + i * stride,
                                                                      factor, own->y + i * stride),
                                         data->quantum);
    return squares;
}

/* This rank's share of the rows' chunks; in dense mode of a few rows' together, whose products are
 * faster so. */
double spine_reconstruction_find(struct spine_stepper *stepper, const struct spine_dataset *data,
                                 size_t batch_rows)
{
    const struct spine_step_memory *own = &stepper->memory;
    const size_t few = stepper->mode == SPINE_DENSE ? 4 : 1;
    const size_t chunks = spine_chunks(data->stride), count = own->slots / few * chunks;
    const size_t rank = (size_t)stepper->memory.team.rank, size = (size_t)stepper->memory.team.size;
    const size_t end = count * (rank + 1) / size;
    const float factor = (float)(2 / ((double)batch_rows * (double)data->dim));
    const double begun = spine_stepper_begin_span(stepper);
    double squares = 0;

    for (size_t i = count * rank / size; i < end;) {
        const size_t row = i / chunks * few, left = end - i, first = i % chunks;
        const size_t last = left < chunks - first ? first + left : chunks;
        const size_t block = row / ROWS, rows = own->blocks[block].rows;
        const size_t stop = row % ROWS + few < rows ? row % ROWS + few : rows;
        if (row % ROWS < rows)
            squares += decode_rows(stepper, data, block, (struct spine_range){row % ROWS, stop},
                                   (struct spine_range){first, last}, factor);
        i += last - first;
    }
    spine_stepper_end_span(stepper, "decode", begun);
    return squares;
}
