/* stepper.c -- the state that all steps of a run share, and meetings of ranks. */
#include "spine/train/stepper.h"

#include <string.h>

size_t spine_stepper_most_k(const struct spine_step_settings *settings)
{
    const bool is_of_row = settings->activation.selection == SPINE_OF_ROW;
    size_t most = is_of_row ? settings->activation.k : 0;

    if (is_of_row && (size_t)settings->first_k > most)
        most = (size_t)settings->first_k;
    return settings->silence.k > most ? settings->silence.k : most;
}

/* Draw the initial parameters of some units. */
static void draw_units(struct spine_stepper *stepper, const struct spine_range *units)
{
    const struct spine_step_settings *settings = &stepper->settings;
    struct spine_params *params = &stepper->params;
    const size_t stride = params->stride, first = units->first;

    spine_params_randomize(params, settings->seed, first, units->end);
    if (settings->is_tied)
        memcpy(params->W2 + first * stride, params->W1 + first * stride,
               (units->end - first) * stride * sizeof *params->W1);
    for (size_t j = first; settings->is_unit_norm && j < units->end; j++)
        spine_params_set_length(stride, params->W2 + j * stride);
}

int spine_stepper_init(struct spine_stepper *stepper, struct spine_grid *grid,
                       const struct spine_step_settings *settings, const struct spine_dataset *data,
                       struct spine_error *err)
{
    const struct spine_step_shape shape = {.dim = settings->dim,
                                           .hidden = settings->hidden,
                                           .optimizer = settings->optimizer,
                                           .momentum = settings->momentum,
                                           .beta2 = settings->beta2,
                                           .prefixes = settings->prefixes.count,
                                           .has_silent = settings->silence.k > 0,
                                           .most_k = spine_stepper_most_k(settings)};
    struct spine_step_memory *memory = &stepper->memory;

    *stepper = (struct spine_stepper){.settings = *settings, .grid = grid};
    if (spine_step_memory_init(memory, &shape, grid, &data->part, err))
        return -1;

    stepper->params = memory->params;
    stepper->optimizer = memory->optimizer;
    stepper->h_sum = memory->h_sum;
    stepper->mode = spine_mode_first(settings->kernel);
    for (size_t b = 0; b < memory->num_blocks; b++)
        memory->codes.blocks[b].activation = settings->activation;
    /* Each rank initialises the units that it will update, so that their memory is near it, and
     * those that its counterparts on other hosts of its group will. */
    for (int host = 0; host < grid->hosts; host++) {
        const struct spine_range units = spine_step_slice(memory, grid, host);
        for (size_t j = units.first; memory->silence != NULL && j < units.end; j++)
            memory->silence[j] = 0;
        draw_units(stepper, &units);
    }
    spine_stepper_meet(stepper);
    return 0;
}

void spine_stepper_dispose(struct spine_stepper *stepper)
{
    spine_step_memory_dispose(&stepper->memory);
    *stepper = (struct spine_stepper){0};
}

/* --- Meeting and recording -------------------------------------------------------------------- */

size_t spine_stepper_most_events(void)
{
    return 40; /* about 27 with several groups of several hosts, and silent units */
}

double spine_stepper_begin_span(const struct spine_stepper *stepper)
{
    return stepper->recording == NULL ? 0 : spine_comm_clock();
}

void spine_stepper_end_span(struct spine_stepper *stepper, const char *name, double begun)
{
    if (stepper->recording != NULL)
        spine_timeline_add(stepper->recording, name, begun, spine_comm_clock());
}

uint64_t spine_stepper_meet_team(struct spine_stepper *stepper, struct spine_team *team,
                                 uint64_t flags)
{
    const double begun = spine_stepper_begin_span(stepper), before = team->waited;

    flags = spine_team_meet(team, flags);
    stepper->waited += team->waited - before;
    if (team->size > 1)
        spine_stepper_end_span(stepper, "wait", begun);
    return flags;
}

void spine_stepper_meet(struct spine_stepper *stepper)
{
    spine_stepper_meet_team(stepper, &stepper->memory.node, 0);
}

/* Broadcast the units of each host in a block of parameters or moments; NULL: there is none. */
static void gather(const struct spine_stepper *stepper, float *data)
{
    const struct spine_comm *hosts = &stepper->grid->chain;
    const size_t stride = stepper->params.stride;
    struct spine_params block;

    if (data == NULL)
        return;
    spine_params_place(&block, stepper->params.dim, stepper->params.hidden, data);
    for (int host = 0; host < hosts->size; host++) {
        const struct spine_range units = spine_step_slice(&stepper->memory, stepper->grid, host);
        const size_t first = units.first, count = units.end - units.first;

        spine_comm_broadcast_from(hosts, host, block.W1 + first * stride,
                                  count * stride * sizeof(float));
        spine_comm_broadcast_from(hosts, host, block.b1 + first, count * sizeof(float));
        spine_comm_broadcast_from(hosts, host, block.W2 + first * stride,
                                  count * stride * sizeof(float));
    }
}

void spine_stepper_gather_params(struct spine_stepper *stepper)
{
    if (stepper->grid->hosts == 1)
        return;
    spine_stepper_meet(stepper);
    gather(stepper, stepper->params.data);
    spine_stepper_meet(stepper);
}

void spine_stepper_gather(struct spine_stepper *stepper)
{
    if (stepper->grid->hosts == 1)
        return;
    spine_stepper_gather_params(stepper);
    gather(stepper, stepper->optimizer.first);
    gather(stepper, stepper->optimizer.second);
    spine_stepper_meet(stepper);
}
