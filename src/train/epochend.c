/* epochend.c -- the end of an epoch: its metrics, the refit and the measures, and reviving
 * units. */
#include "spine/train/epochend.h"

#include <math.h>

#include "spine/base/log.h"
#include "spine/config/settings.h"
#include "spine/train/pace.h"
#include "spine/train/refitting.h"
#include "spine/train/requests.h"
#include "spine/train/rowpass.h"

/* How much the reconstruction loss may rise in an epoch after units were revived. */
static const double SPOILED = 1.05;

/* An end that takes so many seconds is long. */
static const double LONG_END = 2;

/* The epoch's metrics, equal on all ranks. */
static void summarize(struct spine_trainer *run, struct spine_metrics *metrics)
{
    const struct spine_position total = spine_trainer_total(run);
    const struct spine_step_sums *sums = &total.sums;
    const struct spine_stepper *stepper = &run->stepper;
    const struct spine_loss_weights *weights = &stepper->settings.weights;
    const double rows = (double)run->data.part.num_rows, hidden = (double)run->config->hidden;
    const double penalty = sums->penalty / rows;

    *metrics = (struct spine_metrics){
        .epoch = total.epoch + 1,
        .rl = sums->squares / (rows * (double)run->data.dim),
        .asl = run->config->objective == SPINE_OBJECTIVE_SPINE ? penalty : 0,
        .psl = sums->partial / (rows * hidden),
        .learning_rate = stepper->optimizer.rate,
        .seconds = total.seconds,
        .words_per_second = rows / total.seconds,
        .comm_share = total.waited / (total.seconds * run->comm->size),
        .density = sums->active / (rows * hidden),
        .has_aux = stepper->settings.silence.k > 0,
        .aux = sums->silent / rows,
        .start_from = run->config->start_from[0] == '\0' ? NULL : run->config->start_from,
    };
    metrics->total =
        metrics->rl + (weights->asl + weights->l1) * penalty + weights->psl * metrics->psl;
    if (stepper->settings.prefixes.count > 0)
        metrics->total += penalty / (double)run->data.dim;
    metrics->total += stepper->settings.silence.weight * metrics->aux;
}

static void measure(void *work, size_t first, size_t count)
{
    struct spine_trainer *run = work;

    spine_measures_add(&run->stepper.params, &run->data, &run->coder, &run->scratch, first, count);
}

/* Measure the codes of clean input, and those of the rows held out. */
static int evaluate(struct spine_trainer *run, struct spine_metrics *metrics,
                    struct spine_error *err)
{
    spine_measures_begin(&run->scratch);
    if (spine_rowpass_run(run, &(struct spine_rowpass){measure, run, "measure"}, NULL, err))
        return -1;

    const struct spine_measures measures = spine_measures_end(&run->data, run->comm, &run->scratch);
    metrics->evaluated = true;
    metrics->eval_rl = measures.eval_rl;
    metrics->explained_variance = measures.explained_variance;
    metrics->sparsity = measures.sparsity;
    metrics->l0 = measures.l0;
    metrics->dead = measures.dead;
    metrics->saturated = measures.saturated;

    if (run->holdout.total > 0) {
        struct spine_dataset held_out = spine_holdout_view(&run->holdout, &run->data);
        const struct spine_measures others = spine_measures_compute(
            &run->stepper.params, &held_out, run->comm, &run->coder, &run->scratch);
        metrics->has_held_out = true;
        metrics->held_out_rl = others.eval_rl;
        metrics->held_out_explained_variance = others.explained_variance;
        metrics->held_out_sparsity = others.sparsity;
        metrics->held_out_l0 = others.l0;
    }
    spine_status_check(&run->status, &measures, metrics->epoch);
    return 0;
}

/* Settle the units revived before, and revive those that have been idle for long enough. */
static int revive(struct spine_trainer *run, const struct spine_metrics *metrics,
                  struct spine_error *err)
{
    const int64_t after = run->config->revive_after;
    const long long done = metrics->epoch;
    const bool rose = metrics->rl > SPOILED * run->last_rl;
    const size_t silenced = spine_idle_settle(&run->idle, rose, &run->stepper);
    size_t revived = 0;
    run->last_rl = metrics->rl;

    if (silenced > 0)
        spine_log(SPINE_LOG_INFO,
                  "epoch %lld: the loss rose, so the %zu units revived before are silenced; they "
                  "and those idle now are not revived again",
                  done, silenced);
    if (spine_idle_count(&run->idle, after) == 0)
        return 0;

    const int rc =
        spine_revive(&run->idle, after, &run->stepper, &run->data, &run->coder, &revived, err);
    if (spine_trainer_check_rows(run, rc, err))
        return -1;
    if (revived > 0)
        spine_log(SPINE_LOG_INFO, "epoch %lld: reviving %zu units that were idle for %lld epochs",
                  done, revived, (long long)after);
    return 0;
}

/* Fail if a loss isn't finite. Local; the metrics are equal on all ranks. */
static int check_losses(const struct spine_trainer *run, const struct spine_metrics *metrics,
                        struct spine_error *err)
{
    const long long epoch = metrics->epoch;

    const bool is_held_out_finite = !metrics->has_held_out || isfinite(metrics->held_out_rl);

    if (isfinite(metrics->total) && isfinite(metrics->eval_rl) && is_held_out_finite)
        return 0;
    if (isfinite(metrics->total) && isfinite(metrics->eval_rl))
        return spine_fail(err,
                          "epoch %lld: the loss of the rows held out is not finite; they may have "
                          "extreme values, which data.clip limits",
                          epoch);
    if (run->config->objective == SPINE_OBJECTIVE_NNSE)
        return spine_fail(err,
                          "epoch %lld: the loss is not finite; the input may have extreme values, "
                          "which data.clip limits",
                          epoch);
    return spine_fail(err,
                      "epoch %lld: the loss is not finite; a lower train.learning_rate than %g may "
                      "help",
                      epoch, run->stepper.settings.schedule.rate);
}

/* Write the metrics, and fail if the checkpoint under way has failed. On rank 0. */
static int write_metrics(struct spine_trainer *run, const struct spine_metrics *metrics,
                         struct spine_error *err)
{
    if (spine_metrics_write(run->metrics, run->metrics_path, metrics, err) ||
        spine_events_update(&run->events, err) || spine_checkpoint_poll(&run->writer, err))
        return -1;
    return 0;
}

/* The seconds of the end of an epoch, counted from 1, whose steps took so many. */
static double seconds_of(const struct spine_trainer *run, int64_t epoch, double steps)
{
    const double pass = run->config->objective == SPINE_OBJECTIVE_NNSE ? steps : 0;

    return spine_pace_end(run->config, epoch, run->data.dim, run->nnse.kept != NULL, pass);
}

/* Save before a long end, so that the run can be left during it; leave, if there is too little time
 * for it. A run that was resumed here tries it. */
static int save_before(struct spine_trainer *run, struct spine_error *err)
{
    double seconds = seconds_of(run, run->position.epoch + 1, run->position.seconds);

    spine_comm_broadcast(run->comm, &seconds, sizeof seconds);
    if (seconds < LONG_END || spine_requests_is_saved(run))
        return 0;

    run->needed = seconds;
    spine_requests_share(run);
    run->needed = 0;
    if (spine_requests_serve(run, err))
        return -1;
    return spine_requests_is_saved(run) ? 0
                                        : spine_requests_save(run, SPINE_CHECKPOINT_BEHIND, err);
}

double spine_epochend_needed(const struct spine_trainer *run, int64_t epoch, double steps)
{
    const double seconds = seconds_of(run, epoch, steps);

    return seconds < LONG_END ? steps + seconds : steps;
}

int spine_epochend_run(struct spine_trainer *run, struct spine_metrics *metrics,
                       struct spine_error *err)
{
    const struct spine_config *config = run->config;
    const int64_t epoch = run->position.epoch + 1;

    if (save_before(run, err))
        return -1;
    summarize(run, metrics);
    if (spine_settings_refits(config, epoch) && spine_refitting_run(run, err))
        return -1;
    if (spine_settings_measures(config, epoch) && evaluate(run, metrics, err))
        return -1;
    if (spine_trainer_check_rows(run, 0, err))
        return -1;

    int rc = check_losses(run, metrics, err);
    if (rc == 0 && run->comm->rank == 0)
        rc = write_metrics(run, metrics, err);
    spine_status_log(&run->status, metrics);
    if (spine_comm_agree(run->comm, rc, err))
        return -1;

    if (config->revive_after > 0 && epoch < config->epochs)
        return revive(run, metrics, err);
    return 0;
}
