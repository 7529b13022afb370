/* update.c -- the update of the parameters. */
#include "spine/train/update.h"

#include <assert.h>

#include "spine/train/groupsum.h"

enum { MOST_PARTS = 4, DECODER = 2 }; /* of them, W2 */
enum { PIECE_FLOATS = 2048 };         /* that stay in the nearest cache */

void spine_update_range(struct spine_stepper *stepper, const float *at, size_t count,
                        const float *gradient)
{
    spine_optimizer_update(&stepper->optimizer, (size_t)(at - stepper->params.data), count,
                           stepper->params.data, gradient);
}

void spine_update_decoder(struct spine_stepper *stepper, size_t unit, size_t count, float *gradient)
{
    const size_t stride = stepper->params.stride;
    const bool is_unit_norm = stepper->settings.is_unit_norm;
    float *rows = stepper->params.W2 + unit * stride;

    for (size_t u = 0; is_unit_norm && u < count; u++)
        spine_params_remove_parallel(stride, rows + u * stride, gradient + u * stride);
    spine_update_range(stepper, rows, count * stride, gradient);
    for (size_t u = 0; is_unit_norm && u < count; u++)
        spine_params_set_length(stride, rows + u * stride);
}

void spine_update_tie(size_t count, float *dW1, float *dW2)
{
    for (size_t i = 0; i < count; i++) {
        dW1[i] += dW2[i];
        dW2[i] = dW1[i];
    }
}

/* Find the parts of W1, b1, W2 and b2 that this rank updates. */
static int slice_parts(const struct spine_stepper *stepper, struct spine_range *parts)
{
    const struct spine_step_memory *own = &stepper->memory;
    const struct spine_params *params = &stepper->params;
    const size_t stride = params->stride, units = own->slice.end - own->slice.first;
    const struct {
        const float *begin;
        size_t count;
    } all[MOST_PARTS] = {
        {params->W1 + own->slice.first * stride, units * stride},
        {params->b1 + own->slice.first, spine_kernel_stride(units)},
        {params->W2 + own->slice.first * stride, units * stride},
        {params->b2 + own->columns.first, own->columns.end - own->columns.first},
    };

    for (int i = 0; i < MOST_PARTS; i++) {
        parts[i].first = (size_t)(all[i].begin - params->data);
        parts[i].end = parts[i].first + all[i].count;
    }
    return MOST_PARTS;
}

/* Update the parameters of this rank's slice with its gradient, the parts one after the other. */
static void update_parts(struct spine_stepper *stepper, const struct spine_range *parts,
                         float *gradient)
{
    const struct spine_range *slice = &stepper->memory.slice;
    const size_t weights = parts[0].end - parts[0].first, biases = parts[1].end - parts[1].first;

    if (stepper->settings.is_tied)
        spine_update_tie(weights, gradient, gradient + weights + biases);
    for (int i = 0; i < MOST_PARTS; i++) {
        const size_t count = parts[i].end - parts[i].first;
        if (i == DECODER)
            spine_update_decoder(stepper, slice->first, slice->end - slice->first, gradient);
        else
            spine_update_range(stepper, stepper->params.data + parts[i].first, count, gradient);
        gradient += count;
    }
}

/* With a single node: sum a piece of this rank's slice over its groups, and update it. */
static void update_piece(struct spine_stepper *stepper, int part, size_t at, size_t count)
{
    float *data = stepper->params.data, sum[PIECE_FLOATS], other[PIECE_FLOATS];
    const size_t to_W2 = (size_t)(stepper->params.W2 - stepper->params.W1);
    const bool is_tied = stepper->settings.is_tied;

    if (is_tied && part == DECODER)
        return; /* W1, part 0, updates it, too */
    spine_groupsum_node(stepper, at, count, sum);
    if (is_tied && part == 0) {
        spine_groupsum_node(stepper, at + to_W2, count, other);
        spine_update_tie(count, sum, other);
        spine_update_range(stepper, data + at + to_W2, count, other);
    }
    spine_update_range(stepper, data + at, count, sum);
}

/* The same for W2 with rows of length 1, one row at a time. */
static void update_unit_rows(struct spine_stepper *stepper)
{
    const struct spine_step_memory *own = &stepper->memory;
    const struct spine_params *params = &stepper->params;
    const size_t stride = params->stride;

    for (size_t j = own->slice.first; j < own->slice.end; j++) {
        spine_groupsum_node(stepper, (size_t)(params->W2 - params->data) + j * stride, stride,
                            own->dW2);
        spine_update_decoder(stepper, j, 1, own->dW2);
    }
}

void spine_update_slice(struct spine_stepper *stepper)
{
    struct spine_step_memory *own = &stepper->memory;
    struct spine_range parts[MOST_PARTS];
    const int num_parts = slice_parts(stepper, parts);
    const bool is_alone = stepper->grid->peers.size == 1;
    size_t total = 0;

    spine_stepper_meet_team(stepper, &own->node, 0);
    const double begun = spine_stepper_begin_span(stepper);
    for (int i = 0; i < num_parts; i++) {
        if (is_alone && i == DECODER && stepper->settings.is_unit_norm) {
            update_unit_rows(stepper);
            continue;
        }
        for (size_t at = parts[i].first; at < parts[i].end; at += PIECE_FLOATS) {
            const size_t left = parts[i].end - at, most = PIECE_FLOATS;
            const size_t count = left < most ? left : most;
            if (is_alone)
                update_piece(stepper, i, at, count);
            else
                spine_groupsum_node(stepper, at, count, own->send + total);
            total += count;
        }
    }
    if (!is_alone) {
        const size_t nodes = (size_t)stepper->grid->peers.size;
        const size_t piece = (total + 2 * nodes - 1) / (2 * nodes) * 2; /* an even number */
        assert(piece <= own->piece);
        spine_groupsum_nodes(stepper, piece);
        update_parts(stepper, parts, own->send);
    }
    spine_stepper_end_span(stepper, "update", begun);
}
