/* pace.c -- the duration of a step, measured. */
#include "spine/train/pace.h"

#include <math.h>

#include "spine/train/nodedata.h"
#include "spine/train/parallel.h"
#include "spine/train/step.h"

enum {
    WARM_STEPS = 3,
    LEAST_ROWS = 4096, /* of an estimate's rows */
    LEAST_BATCHES = 4,
};

static const double PHASE_SECONDS = 0.1; /* to measure each of the two phases */
static const double EARLY_SHARE = 0.2;   /* of all steps, approximately, at the default rates */

/* Set the biases so that a tenth of the units are active: z has mean b1 and, with weights uniform
 * in +-1/sqrt(D), a variance of a third of an entry's mean square. */
static void activate_a_tenth(struct spine_stepper *stepper, const struct spine_dataset *data)
{
    const double entries = (double)data->part.num_rows * (double)data->dim;
    const double square =
        data->variance / entries + stepper->settings.noise * stepper->settings.noise;

    spine_stepper_meet(stepper);
    for (size_t j = 0; stepper->grid->node.rank == 0 && j < stepper->params.hidden; j++)
        stepper->params.b1[j] = (float)(-1.2816 * sqrt(square / 3));
    spine_stepper_meet(stepper);
}

/* Measure the mean of many steps from *position on, after some that warm up. The parameters hardly
 * change. */
static int time_steps(struct spine_stepper *stepper, struct spine_comm *comm,
                      struct spine_dataset *data, struct spine_position *position, double *seconds,
                      struct spine_error *err)
{
    const size_t steps = spine_partition_steps(&data->part);
    double begun = spine_comm_clock();
    size_t count = WARM_STEPS;

    for (int warm = 1; warm >= 0; warm--) {
        for (size_t step = 0; step < count; step++) {
            position->step %= steps;
            if (spine_stepper_step(stepper, data, position, err))
                return -1;
        }
        *seconds = (spine_comm_clock() - begun) / (double)count;
        if (warm) /* long enough to include typical interruptions */
            count = (size_t)(PHASE_SECONDS / (*seconds + 1e-9)) + WARM_STEPS;
        spine_comm_broadcast(comm, &count, sizeof count);
        begun = warm ? spine_comm_clock() : begun;
    }

    return 0;
}

/* Collective over the grid's ranks. */
static int time_run(const struct spine_config *config, struct spine_parallel *parallel,
                    const struct spine_dataset *whole, double *seconds, struct spine_error *err)
{
    struct spine_comm *comm = &parallel->grid.ranks;
    struct spine_position position = {0};
    struct spine_stepper stepper;
    struct spine_dataset data;
    double early = 0, late = 0;

    if (spine_dataset_view(&data, comm, whole, &parallel->sharing, err))
        return -1;
    struct spine_step_settings settings = spine_step_settings(config, &data);
    settings.schedule =
        (struct spine_schedule){.kind = SPINE_CONSTANT, .rate = 1e-12, .num_steps = UINT32_MAX};
    int rc = spine_stepper_init(&stepper, &parallel->grid, &settings, &data, err);
    if (rc == 0)
        rc = time_steps(&stepper, comm, &data, &position, &early, err);
    if (rc == 0) {
        activate_a_tenth(&stepper, &data);
        rc = time_steps(&stepper, comm, &data, &position, &late, err);
    }

    *seconds = EARLY_SHARE * early + (1 - EARLY_SHARE) * late;

    spine_stepper_dispose(&stepper);
    spine_dataset_dispose(&data);
    return rc;
}

int spine_pace_measure(const struct spine_config *config, struct spine_comm *comm,
                       const struct spine_dataset *whole, size_t dim, double *seconds,
                       struct spine_error *err)
{
    struct spine_parallel parallel;

    *seconds = 0;
    if (spine_parallel_init(&parallel, config, comm, whole->part.num_rows, dim, err))
        return -1;

    int rc = 0;
    if (!parallel.grid.is_idle)
        rc = time_run(config, &parallel, whole, seconds, err);
    spine_parallel_wait(&parallel, comm);
    spine_parallel_dispose(&parallel);
    return spine_comm_agree(comm, rc, err);
}

int spine_pace_estimate(const struct spine_config *config, struct spine_comm *comm, size_t rows,
                        double *seconds, struct spine_error *err)
{
    const int64_t batches = LEAST_BATCHES * config->batch_size;
    const int64_t enough = batches > LEAST_ROWS ? batches : LEAST_ROWS;
    struct spine_config part = *config;
    struct spine_nodedata nodedata;

    part.limit = enough < (int64_t)rows ? enough : (int64_t)rows;
    if (spine_nodedata_init(&nodedata, comm, &part, err))
        return -1;
    const int rc =
        spine_pace_measure(&part, comm, &nodedata.whole, nodedata.whole.dim, seconds, err);
    spine_nodedata_dispose(&nodedata);
    return rc;
}
