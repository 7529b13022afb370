/* reconstruction.c -- the reconstruction of a step's rows, and its residual. */
#include "spine/train/reconstruction.h"

#include <math.h>

#include "spine/math/decoding.h"
#include "spine/math/exact.h"
#include "spine/train/codes.h"
#include "spine/train/minibatch.h"

enum { ROWS = SPINE_BLOCK_ROWS };

/* What is reconstructed from which codes; the derivative takes the place of y. */
struct target {
    const struct spine_step_codes *codes;
    struct spine_params params;
    struct spine_prefixes prefixes;
    const float *rows; /* (slots, D), times 'scale' */
    float *y;          /* (prefixes + 1, slots, D) */
    float scale, factor;
    double weight, quantum; /* of the squares that are returned */
};

/* Compute dY of a row in a chunk, for each width including all greater ones. */
static void find_residuals(const struct target *target, size_t apart, size_t row, size_t chunk,
                           struct spine_reconstruction *sums)
{
    const size_t stride = target->params.stride, prefixes = target->prefixes.count;
    float *y = target->y + row * stride;

    for (size_t w = 0; w <= prefixes; w++) {
        const float found = spine_chunk_residual(stride, chunk, target->rows + row * stride,
                                                 target->scale, target->factor, y + w * apart);
        *(w == prefixes ? &sums->squares : &sums->nested) +=
            spine_exact_round(target->weight * (double)found, target->quantum);
    }
    for (size_t w = prefixes; w-- > 0;)
        spine_chunk_add(stride, chunk, y + (w + 1) * apart, y + w * apart);
}

/* The same for some rows of a block, in some chunks. */
static void decode_rows(struct spine_stepper *stepper, const struct target *target, size_t block,
                        struct spine_range rows, struct spine_range chunks,
                        struct spine_reconstruction *sums)
{
    struct spine_step_memory *own = &stepper->memory;
    const size_t stride = target->params.stride, apart = own->slots * stride;
    const size_t first = block * ROWS, columns = (size_t)stepper->grid->columns;
    const struct spine_block *const *tiles = spine_codes_tiles(stepper, target->codes, block);
    float *y = target->y + first * stride;

    if (target->prefixes.count > 0)
        spine_block_decode_nested(tiles, columns, &own->scratch, rows.first, rows.end, chunks.first,
                                  chunks.end, &target->params, &target->prefixes, apart, y);
    else
        spine_block_decode(tiles, columns, &own->scratch, rows.first, rows.end, chunks.first,
                           chunks.end, &target->params, y);
    for (size_t i = first + rows.first; i < first + rows.end; i++)
        for (size_t c = chunks.first; c < chunks.end; c++)
            find_residuals(target, apart, i, c, sums);
}

/* Each rank has a share of the rows' chunks; in dense mode of several rows together, which is
 * faster. */
static struct spine_reconstruction find(struct spine_stepper *stepper, const struct target *target)
{
    const struct spine_step_memory *own = &stepper->memory;
    const size_t few = stepper->mode == SPINE_DENSE ? 4 : 1;
    const size_t chunks = spine_chunks(target->params.stride), count = own->slots / few * chunks;
    const size_t rank = (size_t)own->team.rank, size = (size_t)own->team.size;
    const size_t end = count * (rank + 1) / size;
    const double begun = spine_stepper_begin_span(stepper);
    struct spine_reconstruction sums = {0, 0};

    for (size_t i = count * rank / size; i < end;) {
        const size_t row = i / chunks * few, left = end - i, first = i % chunks;
        const size_t last = left < chunks - first ? first + left : chunks;
        const size_t block = row / ROWS, rows = own->codes.blocks[block].rows;
        const size_t stop = row % ROWS + few < rows ? row % ROWS + few : rows;
        if (row % ROWS < rows)
            decode_rows(stepper, target, block, (struct spine_range){row % ROWS, stop},
                        (struct spine_range){first, last}, &sums);
        i += last - first;
    }
    spine_stepper_end_span(stepper, "decode", begun);
    return sums;
}

static float find_factor(const struct spine_stepper *stepper, size_t batch_rows)
{
    return (float)(2 / ((double)batch_rows * (double)stepper->params.dim));
}

struct spine_reconstruction spine_reconstruction_find(struct spine_stepper *stepper,
                                                      const struct spine_dataset *data,
                                                      size_t batch_rows)
{
    const struct spine_step_memory *own = &stepper->memory;
    const struct target target = {.codes = &own->codes,
                                  .params = stepper->params,
                                  .prefixes = stepper->settings.prefixes,
                                  .rows = spine_minibatch_rows(stepper)->clean,
                                  .y = own->y,
                                  .scale = 1,
                                  .factor = find_factor(stepper, batch_rows),
                                  .weight = 1,
                                  .quantum = data->quantum};
    const struct spine_reconstruction sums = find(stepper, &target);

    /* For silent units; clamped, so that sums over ranks don't overflow. */
    own->squares[stepper->grid->node.rank] =
        stepper->settings.silence.k > 0 && isfinite(sums.squares)
            ? (int64_t)fmin(sums.squares / data->quantum, 0x1p52)
            : 0;
    return sums;
}

double spine_reconstruction_leave(struct spine_stepper *stepper, const struct spine_dataset *data,
                                  size_t batch_rows, double error)
{
    /* A loss is 1 where silent units do nothing; above what they do at the worst, sums may round. */
    const double most = 0x1p10 * (double)data->part.num_rows;
    const struct spine_step_memory *own = &stepper->memory;
    const size_t widest = stepper->settings.prefixes.count * own->slots * data->stride;
    struct target target = {.codes = &own->silent,
                            .params = stepper->params,
                            .rows = own->y + widest,
                            .y = own->left,
                            .scale = -1 / find_factor(stepper, batch_rows),
                            .factor = (float)(2 * stepper->settings.silence.weight / error),
                            .weight = (double)batch_rows / error,
                            .quantum = spine_exact_quantum(most, 52)};

    target.params.b2 = NULL;
    return find(stepper, &target).squares;
}
