/* pace.c -- the duration of an epoch, measured on some of its rows. */
#include "spine/train/pace.h"

#include <math.h>

#include "spine/config/settings.h"
#include "spine/train/nnse.h"
#include "spine/train/nodedata.h"
#include "spine/train/parallel.h"
#include "spine/train/refit.h"
#include "spine/train/step.h"

enum {
    WARM_STEPS = 3,
    LEAST_ROWS = 4096, /* of an estimate's rows */
    LEAST_BATCHES = 4,
    ROUNDS = 4, /* of rows of nnse; the first is short, and warms up */
};

static const double PHASE_SECONDS = 0.1; /* to measure each of the two phases */
static const double EARLY_SHARE = 0.2;   /* of all steps, approximately, at the default rates */

double spine_pace_epoch(const struct spine_pace *pace, size_t rows)
{
    return pace->rows == 0 ? 0 : ceil((double)rows / (double)pace->rows) * pace->step + pace->epoch;
}

/* Of nnse, how often all rows are solved for at an epoch's end. */
static int end_passes(const struct spine_config *config, int64_t epoch, bool keeps)
{
    const int uses = spine_settings_measures(config, epoch) + spine_settings_refits(config, epoch);

    return keeps && uses > 1 ? 1 : uses;
}

/* To solve for a new decoder, at the end of an epoch that is followed by that. */
static double refit_seconds(const struct spine_config *config, int64_t epoch, size_t dim)
{
    const bool is_dictionary = config->objective == SPINE_OBJECTIVE_NNSE;

    if (!spine_settings_refits(config, epoch))
        return 0;
    return spine_refit_seconds((size_t)config->hidden, dim, is_dictionary);
}

double spine_pace_end(const struct spine_config *config, int64_t epoch, size_t dim, bool keeps,
                      double pass)
{
    return end_passes(config, epoch, keeps) * pass + refit_seconds(config, epoch, dim);
}

/* Of nnse, how often all rows are solved for besides for training: at the ends of epochs, and for
 * the files, whose codes are the last ones, unless rows were held out. */
static double extra_passes(const struct spine_config *config)
{
    const bool keeps = spine_settings_storage(config) != SPINE_IN_FILE;
    const int64_t last = spine_settings_last_epoch(config), every = config->evaluate_every;
    const int64_t before = every > 0 && last > 0 ? (last - 1) / every : 0;
    const int at_end = end_passes(config, last, keeps);
    const bool is_again = !keeps || at_end == 0 || config->holdout > 0;

    return (double)before + at_end + is_again;
}

double spine_pace_refit(const struct spine_config *config, size_t dim)
{
    return refit_seconds(config, spine_settings_last_epoch(config), dim);
}

double spine_pace_run(const struct spine_pace *pace, const struct spine_config *config, size_t rows)
{
    const double epoch = spine_pace_epoch(pace, rows);
    double seconds = (double)spine_settings_last_epoch(config) * epoch;

    if (config->objective == SPINE_OBJECTIVE_NNSE)
        seconds += extra_passes(config) * (epoch - pace->epoch);
    return seconds;
}

/* --- Steps -------------------------------------------------------------------------------- */

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
                    struct spine_dataset *data, struct spine_pace *pace, struct spine_error *err)
{
    struct spine_comm *comm = &parallel->grid.ranks;
    struct spine_position position = {0};
    struct spine_stepper stepper;
    double early = 0, late = 0;

    struct spine_step_settings settings = spine_step_settings(config, data);
    settings.schedule =
        (struct spine_schedule){.kind = SPINE_CONSTANT, .rate = 1e-12, .num_steps = UINT32_MAX};
    int rc = spine_stepper_init(&stepper, &parallel->grid, &settings, data, err);
    if (rc == 0)
        rc = time_steps(&stepper, comm, data, &position, &early, err);
    if (rc == 0) {
        activate_a_tenth(&stepper, data);
        rc = time_steps(&stepper, comm, data, &position, &late, err);
    }

    *pace = (struct spine_pace){.rows = (size_t)config->batch_size,
                                .step = EARLY_SHARE * early + (1 - EARLY_SHARE) * late};

    spine_stepper_dispose(&stepper);
    return rc;
}

/* --- nnse --------------------------------------------------------------------------------- */

/* Solve for some of this rank's rows, others in each round, and add up their codes. Returns the
 * least seconds of a row: a few rows are easily held up by other processes. The first round only
 * warms up, if there are rows for others. */
static double time_rows(struct spine_nnse *nnse)
{
    enum { BLOCK = SPINE_BLOCK_ROWS };
    const size_t local = spine_partition_rows(&nnse->data->part);
    size_t first = 0, count = local < BLOCK ? local : BLOCK;
    double least = 0;

    for (int round = 0; round < ROUNDS && count > 0; round++) {
        const double begun = spine_comm_clock();
        spine_nnse_add_rows(nnse, first, count);
        spine_codegram_add(&nnse->products); /* or they might be added in another round */
        const double seconds = (spine_comm_clock() - begun) / (double)count;
        least = round <= 1 || seconds < least ? seconds : least;

        first += count;
        if (round == 0)
            count = (size_t)fmax(PHASE_SECONDS / (seconds + 1e-9) / BLOCK, 1) * BLOCK;
        count = count < local - first ? count : local - first;
    }
    return least;
}

/* Collective over the grid's ranks. */
static int time_epoch(struct spine_nnse *nnse, struct spine_pace *pace, struct spine_error *err)
{
    struct spine_nnse_sums sums;

    if (spine_nnse_begin(nnse, err))
        return -1;
    spine_nnse_begin_epoch(nnse);
    const double row = 1e-9 * (double)spine_comm_max(nnse->comm, (int64_t)(1e9 * time_rows(nnse)));

    const double begun = spine_comm_clock();
    if (spine_nnse_improve(nnse, 0, &sums, err) || spine_nnse_adjust(nnse, &sums, err))
        return -1;
    *pace = (struct spine_pace){1, row / nnse->comm->size, spine_comm_clock() - begun};
    return 0;
}

/* Collective over the grid's ranks. */
static int time_nnse(const struct spine_config *config, struct spine_comm *comm,
                     struct spine_dataset *data, struct spine_pace *pace, struct spine_error *err)
{
    const size_t dim = data->dim, hidden = (size_t)config->hidden;
    const struct spine_nnse_settings settings = spine_nnse_settings(config);
    struct spine_params params = {0};
    struct spine_coder coder = {0};
    struct spine_nnse nnse = {0};

    int rc = 0;
    if (spine_params_init(&params, dim, hidden, err) || spine_coder_init(&coder, dim, hidden, err))
        rc = -1;
    rc = spine_comm_agree(comm, rc, err);
    if (rc == 0)
        rc = spine_comm_agree(
            comm, spine_nnse_init(&nnse, &settings, &params, data, comm, &coder, err), err);
    if (rc == 0)
        rc = time_epoch(&nnse, pace, err);

    spine_nnse_dispose(&nnse);
    spine_coder_dispose(&coder);
    spine_params_dispose(&params);
    return rc;
}

/* --- Either ------------------------------------------------------------------------------- */

/* Collective over the grid's ranks. */
static int measure(const struct spine_config *config, struct spine_parallel *parallel,
                   const struct spine_dataset *whole, struct spine_pace *pace,
                   struct spine_error *err)
{
    struct spine_comm *comm = &parallel->grid.ranks;
    struct spine_dataset data;

    if (spine_dataset_view(&data, comm, whole, &parallel->sharing, err))
        return -1;
    const int rc = config->objective == SPINE_OBJECTIVE_NNSE
                       ? time_nnse(config, comm, &data, pace, err)
                       : time_run(config, parallel, &data, pace, err);
    spine_dataset_dispose(&data);
    return rc;
}

int spine_pace_measure(const struct spine_config *config, struct spine_comm *comm,
                       const struct spine_dataset *whole, size_t dim, struct spine_pace *pace,
                       struct spine_error *err)
{
    struct spine_parallel parallel;

    *pace = (struct spine_pace){0};
    if (spine_parallel_init(&parallel, config, comm, whole->part.num_rows, dim, err))
        return -1;

    int rc = 0;
    if (!parallel.grid.is_idle)
        rc = measure(config, &parallel, whole, pace, err);
    spine_parallel_wait(&parallel, comm);
    spine_parallel_dispose(&parallel);
    return spine_comm_agree(comm, rc, err);
}

int spine_pace_estimate(const struct spine_config *config, struct spine_comm *comm, size_t rows,
                        struct spine_pace *pace, struct spine_error *err)
{
    const int64_t batches = LEAST_BATCHES * config->batch_size;
    const int64_t enough = batches > LEAST_ROWS ? batches : LEAST_ROWS;
    struct spine_config part = *config;
    struct spine_nodedata nodedata;

    part.limit = enough < (int64_t)rows ? enough : (int64_t)rows;
    if (spine_nodedata_init(&nodedata, comm, &part, err))
        return -1;
    const int rc = spine_pace_measure(&part, comm, &nodedata.whole, nodedata.whole.dim, pace, err);
    spine_nodedata_dispose(&nodedata);
    return rc;
}
