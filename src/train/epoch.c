/* epoch.c -- an epoch of a run. */
#include "spine/train/epoch.h"

#include <string.h>

#include "spine/base/clock.h"
#include "spine/config/settings.h"
#include "spine/train/epochend.h"
#include "spine/train/refitting.h"
#include "spine/train/requests.h"
#include "spine/train/rowpass.h"

/* Run the remaining steps of the epoch. */
static int run_steps(struct spine_trainer *run, struct spine_metrics *metrics,
                     struct spine_error *err)
{
    struct spine_stepper *stepper = &run->stepper;
    struct spine_position *position = &run->position;
    const size_t steps = spine_partition_steps(&run->data.part);
    const bool recorded = position->epoch + 1 == run->last_epoch && run->timeline.events != NULL;

    /* Include the seconds and waits of earlier sessions. */
    const double started = spine_clock_now() - position->seconds;
    const double waited = stepper->waited - position->waited;

    spine_partition_shuffle(&run->data.part, (uint32_t)position->epoch);
    while (position->step < steps) {
        stepper->recording =
            recorded && position->step < SPINE_TRAINER_TIMELINE_STEPS ? &run->timeline : NULL;
        spine_requests_set(run);
        if (spine_stepper_step(stepper, &run->data, position, err))
            return spine_trainer_check_rows(run, -1, err);
        position->seconds = spine_clock_now() - started;
        position->waited = stepper->waited - waited;
        if (run->config->revive_after > 0)
            spine_idle_note(&run->idle, stepper->h_sum);
        spine_status_show(&run->status, position, metrics);
        if (position->step < steps && spine_requests_serve(run, err))
            return -1;
    }

    spine_stepper_gather_params(stepper);
    if (spine_epochend_run(run, metrics, err))
        return -1;
    *position = (struct spine_position){.epoch = position->epoch + 1};
    return spine_requests_serve(run, err);
}

/* --- nnse: codes over a dictionary -------------------------------------------------------- */

/* Copy the atoms, which all ranks have, to the node's parameters. */
static void publish_atoms(struct spine_trainer *run)
{
    const struct spine_params *atoms = &run->nnse.atoms;

    spine_stepper_meet(&run->stepper);
    if (run->parallel.grid.node.rank == 0)
        memcpy(run->stepper.params.data, atoms->data, atoms->len * sizeof *atoms->data);
    spine_stepper_meet(&run->stepper);
}

/* Searches for lambda that take rank 0 longer poll for requests. */
static const double LONG_SEARCH = 1;

/* A search for lambda; is it the first? */
struct search {
    struct spine_trainer *run;
    double begun;
    bool is_first;
};

static int poll_search(void *work, struct spine_error *err)
{
    const struct search *search = work;
    struct spine_trainer *run = search->run;
    bool is_long = spine_clock_now() - search->begun > LONG_SEARCH;

    spine_comm_broadcast(run->comm, &is_long, sizeof is_long);
    if (!is_long)
        return 0;
    return search->is_first ? spine_requests_poll_start(run, err) : spine_requests_poll(run, err);
}

/* Find the first atoms and lambda. */
static int find_atoms(struct spine_trainer *run, struct spine_error *err)
{
    struct search search = {run, spine_clock_now(), true};

    run->nnse.poll = (struct spine_lambda_poll){poll_search, &search};
    const int rc = spine_nnse_begin(&run->nnse, err);
    run->nnse.poll = (struct spine_lambda_poll){0};
    if (rc == 0)
        publish_atoms(run);
    return rc;
}

/* Adjust lambda to new atoms. */
static int adjust_lambda(struct spine_trainer *run, const struct spine_nnse_sums *sums,
                         struct spine_error *err)
{
    struct search search = {run, spine_clock_now(), false};
    const double begun = spine_comm_clock();

    run->nnse.poll = (struct spine_lambda_poll){poll_search, &search};
    const int rc = spine_nnse_adjust(&run->nnse, sums, err);
    run->nnse.poll = (struct spine_lambda_poll){0};
    spine_stepper_end_span(&run->stepper, "adjust lambda", begun);
    return rc;
}

static int begin_nnse(struct spine_trainer *run, struct spine_error *err)
{
    const struct spine_config *config = run->config;
    struct spine_nnse *nnse = &run->nnse;
    const struct spine_nnse_settings settings = spine_nnse_settings(config);

    spine_stepper_meet(&run->stepper);
    const int rc = spine_nnse_init(nnse, &settings, &run->stepper.params, &run->data, run->comm,
                                   &run->coder, err);
    if (spine_comm_agree(run->comm, rc, err))
        return -1;
    if (run->resume.start == SPINE_START_RESUMED)
        return 0;

    if (config->start_from[0] == '\0' && find_atoms(run, err))
        return -1;
    if (spine_settings_refits(config, 0))
        return spine_refitting_run(run, err);
    return 0;
}

static void solve(void *work, size_t first, size_t count)
{
    spine_nnse_add_rows(work, first, count);
}

/* Solve for all rows and improve the atoms, the one step of an epoch. */
static int train_atoms(struct spine_trainer *run, const struct spine_metrics *metrics,
                       struct spine_error *err)
{
    const struct spine_rowpass pass = {solve, &run->nnse, "solve"};
    struct spine_position *position = &run->position;
    const double started = spine_clock_now(), waited = run->nnse.waited;
    struct spine_nnse_sums sums;

    run->needed = position->waited = 0;
    spine_nnse_begin_epoch(&run->nnse);
    if (spine_rowpass_run(run, &pass, metrics, err))
        return -1;

    const double solved = spine_comm_clock();
    if (spine_nnse_improve(&run->nnse, position->epoch, &sums, err))
        return -1;
    spine_stepper_end_span(&run->stepper, "sum, improve atoms", solved);
    if (adjust_lambda(run, &sums, err))
        return -1;
    publish_atoms(run);

    position->step = 1;
    run->stepper.optimizer.steps = (uint64_t)position->epoch + 1; /* names checkpoints */
    position->waited += run->nnse.waited - waited;
    position->seconds = spine_clock_now() - started;
    if (run->comm->rank == 0) {
        position->sums.squares = sums.squares;
        position->sums.active = sums.values;
    }
    return 0;
}

static int run_nnse_epoch(struct spine_trainer *run, struct spine_metrics *metrics,
                          struct spine_error *err)
{
    struct spine_position *position = &run->position;
    const bool is_last = position->epoch + 1 == run->last_epoch;

    run->stepper.recording = is_last && run->timeline.events != NULL ? &run->timeline : NULL;
    if (!spine_trainer_is_at_end(run) && train_atoms(run, metrics, err))
        return -1;
    const double seconds = position->seconds;
    if (spine_epochend_run(run, metrics, err))
        return -1;

    *position = (struct spine_position){.epoch = position->epoch + 1};
    if (!is_last)
        run->needed = spine_epochend_needed(run, position->epoch + 1, seconds);
    spine_requests_share(run);
    return spine_requests_serve(run, err);
}

/* --- Any objective ------------------------------------------------------------------------ */

int spine_epoch_begin(struct spine_trainer *run, struct spine_error *err)
{
    return run->config->objective == SPINE_OBJECTIVE_NNSE ? begin_nnse(run, err) : 0;
}

int spine_epoch_run(struct spine_trainer *run, struct spine_metrics *metrics,
                    struct spine_error *err)
{
    if (run->config->objective == SPINE_OBJECTIVE_NNSE)
        return run_nnse_epoch(run, metrics, err);
    return run_steps(run, metrics, err);
}
