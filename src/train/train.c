/* train.c -- a run, from its beginning to its results. */
#include "spine/train/train.h"

#include <string.h>

#include "spine/base/interrupt.h"
#include "spine/base/log.h"
#include "spine/config/settings.h"
#include "spine/files/metrics.h"
#include "spine/files/rundir.h"
#include "spine/train/epoch.h"
#include "spine/train/preflight.h"
#include "spine/train/requests.h"
#include "spine/train/results.h"
#include "spine/train/trainer.h"

/* Of the numbers of a row, the share of values from which codes without a ridge take long. */
static const double MANY = 0.8;

/* The share of the sum of squares that the mean row may have. */
static const double COMMON = 0.9;

/* Warn if the time limit will stop the run at once. */
static void warn_of_limit(const struct spine_trainer *run)
{
    const struct spine_config *config = run->config;
    const double limit = 60 * config->time_limit;

    if (run->comm->rank == 0 && limit > 0 && limit <= config->grace_seconds)
        spine_log_warning("train.time_limit: %.3g s leaves no time to train: train.grace_seconds, "
                          "%.3g s, is kept for saving",
                          limit, config->grace_seconds);
}

/* Warn if more values a word were asked for than there are units, or, without a ridge, than a code
 * can have: in general as many as a row has numbers, and nearly as many are found in many steps. */
static void warn_of_values(const struct spine_trainer *run)
{
    const struct spine_config *config = run->config;
    const size_t dim = run->data.dim;

    if (run->comm->rank != 0 || config->objective != SPINE_OBJECTIVE_NNSE)
        return;
    if (config->ridge == 0 && dim < (size_t)config->hidden && config->l0 > MANY * (double)dim)
        spine_log_warning(
            "model.l0 is %g, but without a ridge a code has at most %zu values, as many "
            "as a row has numbers, and solving for nearly as many takes long; lower "
            "model.l0 or set model.ridge",
            config->l0, dim);
    else if (config->l0 > (double)config->hidden &&
             !spine_config_is_default(config, spine_config_find("model.l0")))
        spine_log_warning(
            "model.l0 is %g, but a code has at most %lld values (model.hidden); lower "
            "model.l0 or raise model.hidden",
            config->l0, (long long)config->hidden);
}

/* Warn if rows that aren't centred are mostly their common part. */
static void warn_of_common(const struct spine_trainer *run)
{
    const double common = 1 - run->data.variance / run->data.squares;

    if (run->comm->rank == 0 && run->config->objective == SPINE_OBJECTIVE_NNSE &&
        !run->config->center && common > COMMON)
        spine_log_warning("the mean row has %.3g %% of the input's sum of squares, so codes are of "
                          "what all words share, and explain little else; set data.center = yes",
                          100 * common);
}

/* Warn if no gradient is sent between hosts. */
static void warn_of_wire(const struct spine_trainer *run)
{
    const struct spine_grid *grid = &run->parallel.grid;

    if (run->comm->rank != 0 || run->config->wire != SPINE_DTYPE_BFLOAT16)
        return;
    if (run->config->objective != SPINE_OBJECTIVE_NNSE && grid->peers.size == 1)
        spine_log_warning("parallel.wire: bfloat16 has no effect on grid %dx%d, which sends no "
                          "gradient between hosts",
                          grid->groups, grid->columns);
}

/* Train on the ranks of the grid. Collective over them. */
static int train(struct spine_trainer *run, bool is_alone, const char *timeline,
                 struct spine_error *err)
{
    const struct spine_config *config = run->config;
    struct spine_metrics metrics = {0};
    int rc = 0;

    if (run->resume.start == SPINE_START_FINISHED) {
        spine_status_begin(&run->status);
        return 0;
    }

    if (is_alone && spine_preflight_log(run->comm, config->directory, err))
        return -1;
    warn_of_limit(run);
    if (is_alone) {
        warn_of_wire(run);
        warn_of_values(run);
        warn_of_common(run);
    }
    spine_status_begin(&run->status);
    if (run->comm->size + run->parallel.num_idle > 1)
        spine_parallel_log(&run->parallel);
    run->saved = run->status.started;

    if (run->resume.start == SPINE_START_RESUMED && strcmp(config->resume, "auto") != 0)
        rc = spine_requests_save(run, SPINE_CHECKPOINT_NOW, err); /* it would resume another run */
    if (rc == 0)
        rc = spine_epoch_begin(run, err);
    if (rc == 0 && run->last_epoch == 0)
        rc = spine_requests_save(run, SPINE_CHECKPOINT_NOW, err); /* no epoch will */
    while (rc == 0 && run->position.epoch < run->last_epoch)
        rc = spine_epoch_run(run, &metrics, err);
    if (rc == 0)
        rc = spine_comm_agree(run->comm, spine_holdout_end(&run->holdout, &run->data, err), err);
    if (run->holdout.total > 0)
        spine_nnse_forget(&run->nnse);
    if (rc == 0)
        rc = spine_results_write(config, run->comm, &run->stepper.params, &run->data, &run->coder,
                                 err);
    if (rc == 0 && run->comm->rank == 0)
        rc = spine_rundir_forget_aside(config->directory, err);
    rc = spine_comm_agree(run->comm, rc, err);
    if (rc == 0 && timeline != NULL)
        rc = spine_timeline_write(&run->timeline, run->comm, timeline, err);
    return rc;
}

int spine_train(const struct spine_config *config, struct spine_comm *comm,
                const struct spine_dataset *whole, const char *timeline, struct spine_error *err)
{
    struct spine_trainer run;

    spine_interrupt_outlive_readers();
    int rc = spine_trainer_init(&run, config, comm, whole, timeline, err);

    if (rc == 0 && !run.parallel.grid.is_idle)
        rc = train(&run, whole == NULL, timeline, err);
    rc = spine_trainer_dispose(&run, rc, err);
    spine_parallel_wait(&run.parallel, comm);
    spine_parallel_dispose(&run.parallel);
    return spine_comm_agree(comm, rc, err);
}

int spine_train_check(const struct spine_config *config, struct spine_comm *comm,
                      struct spine_error *err)
{
    bool diverged = false;
    double explained = 0;
    int rc = 0;

    if (comm->rank == 0 && spine_settings_last_epoch(config) == config->epochs)
        rc = spine_metrics_diverged(config->directory, &diverged, &explained, err);
    if (spine_comm_agree(comm, rc, err))
        return -1;

    spine_comm_broadcast(comm, &diverged, sizeof diverged);
    spine_comm_broadcast(comm, &explained, sizeof explained);
    if (!diverged)
        return 0;
    const char *advice = "; a lower train.learning_rate may help";
    if (config->objective == SPINE_OBJECTIVE_NNSE)
        advice = "";
    else if (config->revive_after > 0)
        advice = "; a lower train.learning_rate, or train.revive_after = 0, may help";
    return spine_fail(err,
                      "%s: diverged: the explained variance is %.4g, so the mean of all rows would "
                      "be a better reconstruction%s",
                      config->directory, explained, advice);
}
