/* gradient.c -- the gradient of a step. */
#include "spine/train/gradient.h"

#include "spine/math/backward.h"
#include "spine/train/minibatch.h"
#include "spine/train/update.h"

/* Compute the gradient of at most SPINE_BLOCK_UNITS units; of silent ones, one by one, from their
 * own pairs and dY. Seven parameters: a range of units, and the results. */
static void find_units(const struct spine_backward *active, struct spine_stepper *stepper,
                       size_t unit, size_t count, float *dW1, float *db1, float *dW2)
{
    struct spine_step_memory *own = &stepper->memory;
    const struct spine_params *params = &stepper->params;
    const uint8_t *is_silent = own->is_silent + (unit - own->units.first);
    struct spine_backward silent = *active;
    bool found = false;

    for (size_t u = 0; u < count; u++)
        found |= is_silent[u] != 0;
    if (!found) {
        spine_backward_units(active, &own->scratch, unit, count, params, own->add, dW1, db1, dW2);
        return;
    }

    silent.blocks = own->silent.blocks;
    silent.dY = own->left;
    silent.prefixes.count = 0;
    for (size_t u = 0; u < count; u++)
        spine_backward_units(is_silent[u] != 0 ? &silent : active, &own->scratch, unit + u, 1,
                             params, own->add, dW1 + u * params->stride, db1 + u,
                             dW2 + u * params->stride);
}

void spine_gradient_find(struct spine_stepper *stepper, size_t batch_rows)
{
    struct spine_step_memory *own = &stepper->memory;
    const struct spine_params *params = &stepper->params;
    const struct spine_grid *grid = stepper->grid;
    const size_t stride = params->stride, first = own->units.first;
    const double slope =
        2 * stepper->settings.weights.psl / ((double)batch_rows * (double)params->hidden);
    const struct spine_backward backward = {.blocks = own->codes.blocks,
                                            .num_blocks = own->num_blocks,
                                            .x = spine_minibatch_rows(stepper)->noisy,
                                            .dY = own->y,
                                            .slope = (float)slope,
                                            .prefixes = stepper->settings.prefixes,
                                            .apart = own->slots * stride};
    const bool is_kept = grid->groups > 1;
    const struct spine_params *kept = &own->gradients[grid->group - grid->first_group];
    const double begun = spine_stepper_begin_span(stepper);

    spine_backward_begin(&backward, &own->scratch, params);
    for (size_t j = first; j < own->units.end; j += SPINE_BLOCK_UNITS) {
        const size_t left = own->units.end - j;
        const size_t count = left < SPINE_BLOCK_UNITS ? left : SPINE_BLOCK_UNITS;
        float *dW1 = is_kept ? kept->W1 + j * stride : own->dW1;
        float *dW2 = is_kept ? kept->W2 + j * stride : own->dW2;
        float *db1 = is_kept ? kept->b1 + j : own->db1 + (j - first);

        find_units(&backward, stepper, j, count, dW1, db1, dW2);
        if (!is_kept && stepper->settings.is_tied)
            spine_update_tie(count * stride, dW1, dW2);
        if (!is_kept) {
            spine_update_range(stepper, params->W1 + j * stride, count * stride, dW1);
            spine_update_decoder(stepper, j, count, dW2);
        }
    }

    float *db2 = is_kept ? kept->b2 : own->dW1;
    spine_backward_rows(&backward, &own->scratch, stride, own->chunks.first, own->chunks.end, db2);
    if (!is_kept) {
        const size_t begin = spine_chunk_begin(stride, own->chunks.first);
        spine_update_range(stepper, params->b2 + begin,
                           spine_chunk_begin(stride, own->chunks.end) - begin, db2 + begin);
        spine_update_range(stepper, params->b1 + first, spine_kernel_stride(own->units.end - first),
                           own->db1);
    }
    spine_stepper_end_span(stepper, "gradient", begun);
}
