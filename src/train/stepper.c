/* stepper.c -- the state that all steps of a run share, and meetings of ranks. */
#include "spine/train/stepper.h"

#include <string.h>

int spine_stepper_init(struct spine_stepper *stepper, struct spine_grid *grid,
                       const struct spine_step_settings *settings, const struct spine_dataset *data,
                       struct spine_error *err)
{
    const struct spine_step_shape shape = {
        settings->dim,   settings->hidden,         settings->optimizer,    settings->momentum,
        settings->beta2, settings->prefixes.count, settings->silence.k > 0};
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
    for (size_t j = memory->slice.first; memory->silence != NULL && j < memory->slice.end; j++)
        memory->silence[j] = 0;
    /* Each rank initialises the units that it will update, so that their memory is near it. */
    spine_params_randomize(&stepper->params, settings->seed, memory->slice.first,
                           memory->slice.end);
    if (settings->is_tied)
        memcpy(stepper->params.W2 + memory->slice.first * stepper->params.stride,
               stepper->params.W1 + memory->slice.first * stepper->params.stride,
               (memory->slice.end - memory->slice.first) * stepper->params.stride * sizeof(float));
    for (size_t j = memory->slice.first; settings->is_unit_norm && j < memory->slice.end; j++)
        spine_params_set_length(stepper->params.stride,
                                stepper->params.W2 + j * stepper->params.stride);
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
    return 32; /* about 22 with several groups and silent units */
}

double spine_stepper_begin_span(const struct spine_stepper *stepper)
{
    return stepper->recording == NULL ? 0 : spine_comm_clock();
}

void spine_stepper_end_span(struct spine_stepper *stepper, const char *name, double begun)
{
    if (stepper->recording != NULL)
        spine_timeline_add(stepper->recording, name, SPINE_LANE_WORK, begun, spine_comm_clock());
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
