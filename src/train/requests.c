/* requests.c -- when a run saves a checkpoint, and when it saves and leaves. */
#include "spine/train/requests.h"

#include "spine/base/clock.h"
#include "spine/base/interrupt.h"
#include "spine/base/log.h"
#include "spine/files/metrics.h"
#include "spine/ranks/openmpi.h"

int spine_requests_save(struct spine_trainer *run, enum spine_checkpoint_mode mode,
                        struct spine_error *err)
{
    if (spine_trainer_check_rows(run, 0, err))
        return -1;

    spine_stepper_meet(&run->stepper);
    spine_stepper_gather(&run->stepper);
    const struct spine_position total = spine_trainer_total(run);
    const struct spine_progress progress = {.steps = (int64_t)run->stepper.optimizer.steps,
                                            .epoch = total.epoch,
                                            .step = (int64_t)total.step,
                                            .mode = run->stepper.mode,
                                            .squares = total.sums.squares,
                                            .partial = total.sums.partial,
                                            .penalty = total.sums.penalty,
                                            .active = total.sums.active,
                                            .silent = total.sums.silent,
                                            .waited = total.waited,
                                            .seconds = total.seconds};
    int rc = 0;
    if (run->comm->rank == 0 && (spine_metrics_sync(run->metrics, run->metrics_path, err) ||
                                 spine_checkpoint_save(&run->writer, mode, &run->stepper.params,
                                                       &run->stepper.optimizer, &progress, err)))
        rc = -1;

    run->saved = spine_clock_now();
    run->saved_epoch = total.epoch;
    run->saved_step = total.step;
    run->stepper.requests[SPINE_REQUEST_SAVE] = false;
    return spine_comm_agree(run->comm, rc, err);
}

/* What is kept of the time for saving. */
static double kept_seconds(const struct spine_trainer *run)
{
    return run->config->grace_seconds + 2 * run->writer.seconds;
}

/* On rank 0: is the time up that the run may take? */
static bool is_late(const struct spine_trainer *run)
{
    return spine_interrupt_time_left(run->config->time_limit) < kept_seconds(run) + run->needed;
}

void spine_requests_set(struct spine_trainer *run)
{
    const struct spine_config *config = run->config;
    bool *requests = run->stepper.requests;
    /* A signal sent to all ranks may reach some a step later; it is the same request. */
    const bool just_saved = run->saved > run->status.started && spine_clock_now() - run->saved < 1;
    requests[SPINE_REQUEST_SAVE] = spine_interrupt_save() && !just_saved;
    requests[SPINE_REQUEST_LEAVE] = spine_interrupt_leave();
    requests[SPINE_REQUEST_HURRY] = spine_interrupt_hurry();
    if (run->comm->rank != 0)
        return;

    if (config->checkpoint_minutes > 0 &&
        spine_clock_now() - run->saved >= 60 * config->checkpoint_minutes)
        requests[SPINE_REQUEST_SAVE] = true;
    if (!is_late(run))
        return;
    requests[SPINE_REQUEST_LEAVE] = true;
    const double left = spine_interrupt_time_left(config->time_limit);
    if (left >= kept_seconds(run))
        spine_log(SPINE_LOG_INFO, "%.3g s are left, too little for %s, which needs about %.3g s",
                  left, spine_trainer_is_at_end(run) ? "the epoch's end" : "another epoch",
                  run->needed);
}

/* Stop as requested, with a checkpoint; without one if there is a hurry and the last took too
 * long. */
static int leave(struct spine_trainer *run, struct spine_error *err)
{
    const struct spine_position *position = &run->position;
    double last = run->writer.seconds;
    char where[64];

    spine_comm_broadcast(run->comm, &last, sizeof last);
    if (!run->stepper.requests[SPINE_REQUEST_LEAVE] && last > run->config->grace_seconds)
        return spine_leave(err,
                           "stopped in epoch %lld without saving: a checkpoint takes longer than "
                           "train.grace_seconds; run the same command again to resume",
                           (long long)position->epoch + 1);
    if (!run->stepper.requests[SPINE_REQUEST_LEAVE] &&
        spine_openmpi_kill_delay() < run->config->grace_seconds)
        spine_log(SPINE_LOG_INFO,
                  "saving; if mpirun got the signal, it kills the ranks %g s after it, saved or "
                  "not; send it USR1 instead, which it forwards",
                  spine_openmpi_kill_delay());
    if (spine_requests_save(run, SPINE_CHECKPOINT_NOW, err))
        return -1;
    spine_status_describe(run->config, position, where, sizeof where);
    return spine_leave(err, "saved %s %s; run the same command again to resume",
                       run->config->directory, where);
}

void spine_requests_share(struct spine_trainer *run)
{
    int64_t counts[SPINE_REQUESTS];

    spine_requests_set(run);
    for (size_t i = 0; i < SPINE_REQUESTS; i++)
        counts[i] = run->stepper.requests[i];
    spine_comm_sum_counts(run->comm, counts, SPINE_REQUESTS);
    for (size_t i = 0; i < SPINE_REQUESTS; i++)
        run->stepper.requests[i] = counts[i] > 0;
}

int spine_requests_serve(struct spine_trainer *run, struct spine_error *err)
{
    const bool *requests = run->stepper.requests;
    const int64_t every = run->config->checkpoint_every, epoch = run->position.epoch;
    const bool between = run->position.step == 0; /* epochs */

    if (between && epoch == run->last_epoch)
        return spine_requests_save(run, SPINE_CHECKPOINT_NOW, err);
    if (requests[SPINE_REQUEST_LEAVE] || requests[SPINE_REQUEST_HURRY])
        return leave(run, err);
    if (requests[SPINE_REQUEST_SAVE] || (between && every > 0 && epoch % every == 0))
        return spine_requests_save(run, SPINE_CHECKPOINT_BEHIND, err);
    return 0;
}

/* --- Where only what comes before can be saved -------------------------------------------- */

bool spine_requests_is_saved(const struct spine_trainer *run)
{
    return run->saved_epoch == run->position.epoch && run->saved_step == run->position.step;
}

/* Leave an epoch or its end, before which the run is saved. */
static int leave_again(struct spine_trainer *run, struct spine_error *err)
{
    const char *directory = run->config->directory;
    const long long epoch = run->position.epoch;
    const int rc = run->comm->rank == 0 ? spine_checkpoint_finish(&run->writer, err) : 0;

    if (spine_comm_agree(run->comm, rc, err))
        return -1;
    if (spine_trainer_is_at_end(run))
        return spine_leave(err,
                           "stopped at the end of epoch %lld; %s was saved before it; run the same "
                           "command again to resume",
                           epoch + 1, directory);
    return spine_leave(err,
                       "stopped in epoch %lld; %s was saved after epoch %lld; run the same command "
                       "again to resume",
                       epoch + 1, directory, epoch);
}

/* Warn if nothing was done in the time that there was. */
static void warn_of_time(const struct spine_trainer *run)
{
    const struct spine_position *position = &run->position, *from = &run->resume.position;
    const char *began = run->resume.start == SPINE_START_RESUMED ? "was resumed" : "began";

    if (run->comm->rank != 0 || from->epoch != position->epoch || from->step != position->step ||
        !is_late(run))
        return;
    if (spine_trainer_is_at_end(run))
        spine_log_warning("the end of epoch %lld wasn't finished since the run %s; it needs more "
                          "time",
                          (long long)position->epoch + 1, began);
    else
        spine_log_warning("no epoch was finished since the run %s; it needs more time or more "
                          "ranks",
                          began);
}

/* Share, and count the wait for others in the epoch, but not at its end. */
static void share_timed(struct spine_trainer *run)
{
    const double begun = spine_comm_clock();

    spine_requests_share(run);
    if (!spine_trainer_is_at_end(run))
        run->position.waited += spine_comm_clock() - begun;
    spine_stepper_end_span(&run->stepper, "wait", begun);
}

int spine_requests_poll(struct spine_trainer *run, struct spine_error *err)
{
    const bool *requests = run->stepper.requests, is_saved = spine_requests_is_saved(run);
    const bool is_at_end = spine_trainer_is_at_end(run);
    const char *what = is_at_end ? "the end of " : "";
    const long long epoch = run->position.epoch + 1;

    if (!is_saved && (is_at_end || run->position.epoch == run->last_epoch))
        return 0;

    share_timed(run);
    if (requests[SPINE_REQUEST_LEAVE] || requests[SPINE_REQUEST_HURRY]) {
        spine_log(SPINE_LOG_INFO, "%sepoch %lld will begin again: it can't be saved in part", what,
                  epoch);
        warn_of_time(run);
        return is_saved ? leave_again(run, err) : leave(run, err);
    }
    if (!requests[SPINE_REQUEST_SAVE])
        return 0;
    if (!is_saved)
        return spine_requests_save(run, SPINE_CHECKPOINT_BEHIND, err);
    spine_log(SPINE_LOG_INFO,
              "%sepoch %lld can't be saved in part; the run up to it is saved already", what,
              epoch);
    run->saved = spine_clock_now();
    return 0;
}

int spine_requests_poll_start(struct spine_trainer *run, struct spine_error *err)
{
    bool *requests = run->stepper.requests;

    spine_requests_share(run);
    requests[SPINE_REQUEST_SAVE] = false;
    if (!requests[SPINE_REQUEST_LEAVE] && !requests[SPINE_REQUEST_HURRY])
        return 0;
    warn_of_time(run);
    return spine_leave(err,
                       "stopped before epoch 1, with nothing to save; run the same command again "
                       "to begin %s",
                       run->config->directory);
}
