/* silence.c -- AuxK: silent units learn what the others leave. */
#include "spine/train/silence.h"

#include <math.h>
#include <string.h>

#include "spine/math/encoding.h"
#include "spine/train/codes.h"
#include "spine/train/groupsum.h"
#include "spine/train/minibatch.h"
#include "spine/train/reconstruction.h"

/* Mark those of this rank's units that are silent with this batch; returns whether there are any,
 * also among its counterparts' on the group's other hosts. */
static bool mark(struct spine_stepper *stepper, size_t batch_rows)
{
    struct spine_step_memory *own = &stepper->memory;
    const int64_t most = stepper->settings.silence.rows - (int64_t)batch_rows;
    const struct spine_grid *grid = stepper->grid;
    bool found = false;

    for (size_t j = own->units.first; j < own->units.end; j++) {
        const size_t i = j - own->units.first;
        own->is_silent[i] = own->counts[i] == 0 && own->silence[j] >= most;
        found |= own->is_silent[i] != 0;
    }
    for (int host = 0; host < grid->hosts; host++) {
        const struct spine_range units = spine_step_slice(own, grid, host);
        for (size_t j = units.first; host != grid->host && j < units.end; j++)
            found |= stepper->h_sum[j] == 0 && own->silence[j] >= most;
    }
    return found;
}

/* The codes of this rank's silent units. A z that isn't a number has failed among the active ones.
 * Collective over the team. */
static void encode(struct spine_stepper *stepper)
{
    struct spine_step_memory *own = &stepper->memory;
    const struct spine_activation activation = {
        .selection = SPINE_OF_ROW, .k = stepper->settings.silence.k, .is_uncapped = true};
    const size_t first = own->units.first, units = own->units.end - first;
    const size_t packed = spine_block_packed(stepper->params.dim);
    struct spine_block_sums sums = {.h = NULL};
    const double begun = spine_stepper_begin_span(stepper);

    for (size_t b = 0; b < own->num_blocks; b++) {
        struct spine_block *block = &own->silent.blocks[b];
        block->activation = activation;
        block->rows = own->codes.blocks[b].rows;
        spine_block_encode_listed(
            block, &own->scratch, first, units, own->is_silent, &stepper->params,
            spine_minibatch_rows(stepper)->packed + b * packed, &own->silent_guess);
    }
    spine_stepper_end_span(stepper, "encode", begun);

    spine_codes_cut(stepper, &own->silent, activation.k);
    for (size_t b = 0; b < own->num_blocks; b++)
        spine_block_keep(&own->silent.blocks[b], own->cuts + b * SPINE_BLOCK_ROWS, &sums);
    spine_stepper_meet_team(stepper, &own->team, 0);
}

bool spine_silence_find(struct spine_stepper *stepper, const struct spine_dataset *data,
                        size_t batch_rows, double *loss)
{
    struct spine_step_memory *own = &stepper->memory;
    const uint64_t any = spine_stepper_meet_team(stepper, &own->node, mark(stepper, batch_rows));
    double error = 0;

    *loss = 0;
    for (int rank = 0; rank < stepper->grid->node.size; rank++)
        error += (double)own->squares[rank] * data->quantum;
    if (any == 0 || error == 0) {
        memset(own->is_silent, 0, own->units.end - own->units.first);
        return true;
    }

    encode(stepper);
    *loss = spine_reconstruction_leave(stepper, data, batch_rows, error);
    return !spine_groupsum_any(stepper, !isfinite(*loss));
}

void spine_silence_count(struct spine_stepper *stepper, size_t batch_rows)
{
    const struct spine_step_memory *own = &stepper->memory;
    const struct spine_grid *grid = stepper->grid;

    if (grid->group != grid->first_group)
        return; /* the node's first group does it */
    for (size_t j = own->units.first; j < own->units.end; j++)
        own->silence[j] =
            own->counts[j - own->units.first] > 0 ? 0 : own->silence[j] + (int64_t)batch_rows;
    for (int host = 0; host < grid->hosts; host++) {
        const struct spine_range units = spine_step_slice(own, grid, host);
        for (size_t j = units.first; host != grid->host && j < units.end; j++)
            own->silence[j] = stepper->h_sum[j] > 0 ? 0 : own->silence[j] + (int64_t)batch_rows;
    }
}
