/* minibatch.c -- the rows of a step, and the noise on them. */
#include "spine/train/minibatch.h"

#include <string.h>

#include "spine/base/random.h"

/* Columns whose noise is drawn at once (random.h). */
enum { PIECE = 64, ROWS = SPINE_BLOCK_ROWS, PANEL = SPINE_PANEL_ROWS };

const struct spine_step_rows *spine_minibatch_rows(const struct spine_stepper *stepper)
{
    return &stepper->memory.rows[stepper->memory.current];
}

bool spine_minibatch_is_supplied(const struct spine_stepper *stepper, int64_t epoch, size_t step)
{
    const struct spine_step_memory *own = &stepper->memory;

    return own->is_supplied && own->epoch == epoch && own->step == step;
}

void spine_minibatch_supply(struct spine_stepper *stepper, struct spine_dataset *data, bool is_next,
                            int64_t epoch, size_t step)
{
    struct spine_step_memory *own = &stepper->memory;
    struct spine_step_rows *rows = &own->rows[is_next ? 1 - own->current : own->current];
    const double started = spine_comm_clock();

    spine_chain_receive_rows(&own->chain, NULL, NULL);
    stepper->waited += spine_comm_clock() - started;
    const size_t count = spine_dataset_supply(data, step, rows->clean, rows->number);
    spine_chain_send_rows(&own->chain, data->slots, count, rows->clean, rows->number);
    own->is_supplied = true;
    own->epoch = epoch;
    own->step = step;
}

void spine_minibatch_receive(struct spine_stepper *stepper)
{
    struct spine_step_memory *own = &stepper->memory;
    const struct spine_step_rows *rows = spine_minibatch_rows(stepper);
    const double begun = spine_stepper_begin_span(stepper), started = spine_comm_clock();

    if (stepper->grid->hosts == 1)
        return;
    spine_chain_receive_rows(&own->chain, rows->clean, rows->number);
    stepper->waited += spine_comm_clock() - started;
    spine_stepper_end_span(stepper, "rows of other hosts", begun);
    spine_stepper_meet_team(stepper, &own->team, 0);
}

/* Add noise to PIECE columns of the rows of a panel, and pack them. */
static void make_noise(struct spine_stepper *stepper, const struct spine_dataset *data,
                       int64_t epoch, size_t block, size_t panel, size_t column)
{
    const struct spine_step_memory *own = &stepper->memory;
    const struct spine_step_rows *rows = spine_minibatch_rows(stepper);
    const size_t dim = data->dim, stride = data->stride, first = block * ROWS + panel * PANEL;
    const size_t end = column + PIECE < dim ? column + PIECE : dim;
    const size_t left = own->codes.blocks[block].rows - panel * PANEL;
    const size_t count = left < PANEL ? left : PANEL;
    const float sigma = (float)stepper->settings.noise;

    for (size_t i = first; i < first + count; i++) {
        const float *clean = rows->clean + i * stride + column;
        float *noisy = rows->noisy + i * stride + column;
        if (sigma > 0)
            spine_random_add_noise_from(data->part.seed, (uint32_t)epoch, rows->number[i], sigma,
                                        column, end - column, clean, noisy);
        else
            memcpy(noisy, clean, (end - column) * sizeof *noisy);
    }
    spine_block_pack(count, dim, stride, column, end, rows->noisy + first * stride,
                     rows->packed + block * spine_block_packed(dim) + panel * PANEL * dim);
}

/* This rank's share is a range of the panels' pieces. */
void spine_minibatch_draw(struct spine_stepper *stepper, const struct spine_dataset *data,
                          int64_t epoch)
{
    const struct spine_step_memory *own = &stepper->memory;
    const size_t pieces = (data->dim + PIECE - 1) / PIECE, panels = own->slots / PANEL;
    const size_t count = pieces * panels;
    const size_t rank = (size_t)stepper->memory.team.rank, size = (size_t)stepper->memory.team.size;
    const double begun = spine_stepper_begin_span(stepper);

    for (size_t i = count * rank / size; i < count * (rank + 1) / size; i++) {
        const size_t block = i / pieces / (ROWS / PANEL), panel = i / pieces % (ROWS / PANEL);
        if (panel * PANEL < own->codes.blocks[block].rows)
            make_noise(stepper, data, epoch, block, panel, i % pieces * PIECE);
    }
    spine_stepper_end_span(stepper, "batch", begun);
}
