/* train.c -- the run: loop, metrics, the files at the end.
 *
 * 1. Everything is allocated before the first step; the loop allocates nothing.
 * 2. The parameters are equal on all ranks (step.h), so rank 0 may write them for all.
 * 3. Whatever can fail on one rank is agreed on before the next collective call. */
#include "spine/train/train.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "spine/base/interrupt.h"
#include "spine/base/log.h"
#include "spine/base/outfile.h"
#include "spine/files/checkpoint.h"
#include "spine/files/events.h"
#include "spine/files/metrics.h"
#include "spine/files/rundir.h"
#include "spine/ranks/timeline.h"
#include "spine/train/dataset.h"
#include "spine/train/forecast.h"
#include "spine/train/measures.h"
#include "spine/train/preflight.h"
#include "spine/train/results.h"
#include "spine/train/resume.h"
#include "spine/train/revive.h"
#include "spine/train/step.h"

/* The timeline has this many steps, of the last epoch. */
enum { TIMELINE_STEPS = 100 };

struct trainer {
    const struct spine_config *config;
    struct spine_comm *comm;
    struct spine_dataset data;
    struct spine_stepper stepper;
    struct spine_measuring measuring;
    struct spine_idle idle; /* counts if train.revive_after isn't 0 */
    int64_t last_epoch;     /* to train for now */
    int warned;             /* of a collapse */
    struct spine_timeline timeline;
    struct spine_checkpoint_texts texts;
    struct spine_checkpoint_writer writer; /* used on rank 0 */
    struct spine_progress progress;        /* where it began */
    enum spine_start start;
    int lock; /* of the directory; rundir.h */
    char metrics_path[SPINE_RUNDIR_PATH], events_path[SPINE_RUNDIR_PATH];
    FILE *metrics;                  /* on rank 0 */
    struct spine_events events;     /* on rank 0, if output.tensorboard */
    double started, progress_shown; /* seconds */
    double saved;                   /* when the last checkpoint was begun */
};

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* --- Setting up --------------------------------------------------------------------------- */

/* The highest learning rate for the run's batch size: proportional to it for SGD (Goyal et al.,
 * "Accurate, large minibatch SGD", 2017), to its square root for Adam (Malladi et al., "On the SDEs
 * and scaling rules for adaptive gradient algorithms", NeurIPS 2022). The warm-up is a share of
 * all steps, so it lasts as many epochs with any batch. */
static double highest_rate(const struct spine_config *config)
{
    if (config->rate_batch == 0)
        return config->learning_rate;
    const double ratio = (double)config->batch_size / (double)config->rate_batch;
    return config->learning_rate * (config->optimizer == SPINE_ADAM ? sqrt(ratio) : ratio);
}

static int init_stepper(struct trainer *run, struct spine_error *err)
{
    const struct spine_config *config = run->config;
    struct spine_stepper *stepper = &run->stepper;
    stepper->weights =
        (struct spine_loss_weights){config->sparsity, config->asl_weight, config->psl_weight};
    stepper->schedule = (struct spine_schedule){
        .kind = (enum spine_schedule_kind)config->schedule,
        .rate = highest_rate(config),
        .warmup = config->warmup,
        .decay = config->decay,
        .num_steps = (uint64_t)config->epochs * spine_partition_steps(&run->data.part),
    };
    stepper->noise = config->noise;
    stepper->kernel = (enum spine_kernel_choice)config->kernel;
    return spine_stepper_init(stepper, run->comm, run->data.dim, (size_t)config->hidden,
                              spine_partition_most_rows(&run->data.part),
                              (enum spine_optimizer_kind)config->optimizer, config->momentum,
                              config->beta2, (uint64_t)config->seed, err);
}

static int open_files(struct trainer *run, struct spine_error *err)
{
    const struct spine_config *config = run->config;
    if (run->comm->rank != 0)
        return 0;
    if (spine_checkpoint_writer_init(&run->writer, config->directory, (int)config->checkpoint_keep,
                                     (size_t)run->comm->size, &run->texts, err) ||
        spine_rundir_join(run->metrics_path, config->directory, "metrics.jsonl", err) ||
        spine_rundir_join(run->events_path, config->directory, "events.out.tfevents", err))
        return -1;
    if (config->revive_after > 0) {
        run->writer.idle = run->idle.epochs;
        run->writer.num_idle = run->idle.hidden;
    }
    if (spine_metrics_open(&run->metrics, run->metrics_path, run->progress.epoch, err))
        return -1;
    return config->tensorboard ? spine_events_open(&run->events, run->events_path,
                                                   run->metrics_path, run->progress.epoch, err)
                               : 0;
}

/* This rank's rows, of the input in memory if it is there. */
static int load(struct trainer *run, const struct spine_dataset *whole, struct spine_error *err)
{
    const struct spine_config *config = run->config;
    const size_t batch = (size_t)config->batch_size;
    const uint64_t seed = (uint64_t)config->seed;
    if (whole != NULL)
        return spine_dataset_view(&run->data, run->comm, whole, batch, seed, err);
    return spine_dataset_init(&run->data, run->comm, config->input, (size_t)config->limit, batch,
                              seed, err) ||
                   spine_dataset_scale(&run->data, run->comm, (int)config->center, config->rms, err)
               ? -1
               : 0;
}

/* Everything that a run has before its first step. */
static int init(struct trainer *run, const struct spine_config *config, struct spine_comm *comm,
                const struct spine_dataset *whole, const char *timeline, struct spine_error *err)
{
    *run = (struct trainer){
        .config = config, .comm = comm, .last_epoch = spine_config_last_epoch(config), .lock = -1};
    int rc = comm->rank == 0 ? spine_resume_check(config, err) : 0;
    if (spine_comm_agree(comm, rc, err) || spine_forecast_check(config, comm, err) ||
        load(run, whole, err) || init_stepper(run, err))
        return -1;
    rc = spine_measuring_init(&run->measuring, (size_t)config->hidden, err) ||
         spine_idle_init(&run->idle, (size_t)config->hidden, err);
    if (rc == 0 && timeline != NULL)
        rc = spine_timeline_init(&run->timeline, TIMELINE_STEPS * spine_stepper_most_events(), err);
    if (rc == 0 && timeline != NULL && comm->rank == 0 &&
        (rc = spine_outfile_create(timeline, err)) == 0)
        spine_outfile_discard(timeline); /* it is written last, and only had to be possible */
    if (spine_comm_agree(comm, rc, err) ||
        spine_resume_begin(config, comm, &run->data, &run->stepper, &run->idle, &run->texts,
                           &run->progress, &run->start, &run->lock, err))
        return -1;
    if (run->start == SPINE_START_FINISHED)
        return 0;
    return spine_comm_agree(comm, open_files(run, err), err);
}

static int dispose(struct trainer *run, int rc, struct spine_error *err)
{
    struct spine_error later;
    if (run->metrics != NULL && fclose(run->metrics) != 0 && rc == 0)
        rc = spine_fail(err, "%s: %s", run->metrics_path, strerror(errno));
    if (spine_events_close(&run->events, rc == 0 ? err : &later) && rc == 0)
        rc = -1;
    if (spine_checkpoint_finish(&run->writer, rc == 0 ? err : &later) && rc == 0)
        rc = -1;
    spine_checkpoint_writer_dispose(&run->writer);
    spine_checkpoint_texts_dispose(&run->texts);
    spine_rundir_release(run->lock);
    spine_timeline_dispose(&run->timeline);
    spine_idle_dispose(&run->idle);
    spine_measuring_dispose(&run->measuring);
    spine_stepper_dispose(&run->stepper);
    spine_dataset_dispose(&run->data);
    return rc;
}

/* --- Training ----------------------------------------------------------------------------- */

static void show_progress(struct trainer *run, uint32_t epoch, size_t step,
                          const struct spine_metrics *last)
{
    const double time = now();
    if (time - run->progress_shown < 0.2)
        return;
    run->progress_shown = time;
    if (!spine_log_is_live())
        return;
    const size_t steps = spine_partition_steps(&run->data.part);
    const double begun = (double)run->progress.epoch + (double)run->progress.step / (double)steps;
    const double done = (double)epoch + (double)(step + 1) / (double)steps;
    const double elapsed = time - run->started;
    const double left = elapsed / (done - begun) * ((double)run->last_epoch - done);
    const double words = (done - begun) * (double)run->data.part.num_rows / elapsed;
    const int minutes = (int)left / 60, seconds = (int)left % 60;
    if (last->epoch == 0)
        spine_log_progress("epoch %u/%lld  %.0f words/s  %d:%02d left", epoch + 1,
                           (long long)run->config->epochs, words, minutes, seconds);
    else
        spine_log_progress("epoch %u/%lld  rl %.4f  asl %.4f  psl %.4f  %.0f words/s  %d:%02d left",
                           epoch + 1, (long long)run->config->epochs, last->rl, last->asl,
                           last->psl, words, minutes, seconds);
}

/* The epoch's metrics, equal on all ranks. */
static void summarize(struct trainer *run, uint32_t epoch, double seconds,
                      const struct spine_step_sums *sums, double waited,
                      struct spine_metrics *metrics)
{
    const struct spine_stepper *stepper = &run->stepper;
    const double rows = (double)run->data.part.num_rows, hidden = (double)run->config->hidden;
    double all[] = {sums->squares, sums->partial, sums->active, waited};
    spine_comm_sum_doubles(run->comm, all, 4);
    *metrics = (struct spine_metrics){
        .epoch = epoch + 1,
        .rl = all[0] / (rows * (double)run->data.dim),
        .asl = sums->asl / rows,
        .psl = all[1] / (rows * hidden),
        .learning_rate = stepper->optimizer.rate,
        .seconds = seconds,
        .words_per_second = rows / seconds,
        .comm_share = all[3] / (seconds * run->comm->size),
        .density = all[2] / (rows * hidden),
    };
    metrics->total =
        metrics->rl + stepper->weights.asl * metrics->asl + stepper->weights.psl * metrics->psl;
}

/* Say, once, if the model is of no use, and what may be the cause. */
static void warn_of_collapse(struct trainer *run, const struct spine_measures *measures,
                             int64_t epoch)
{
    const int64_t units = run->config->hidden, words = (int64_t)run->data.part.num_rows;
    if (run->comm->rank != 0 || run->warned)
        return;
    if (2 * measures->empty > words || 2 * measures->dead > units)
        spine_log_warning("epoch %lld: %lld of %lld words have an all-zero code and %lld of %lld "
                          "units are dead; train.noise may be too high for the input's scale "
                          "(data.rms), or train.learning_rate or loss.psl_weight too high; "
                          "train.revive_after restarts dead units",
                          (long long)epoch, (long long)measures->empty, (long long)words,
                          (long long)measures->dead, (long long)units);
    run->warned = 2 * measures->empty > words || 2 * measures->dead > units;
}

static void evaluate(struct trainer *run, struct spine_metrics *metrics)
{
    const struct spine_measures measures = spine_measures_take(
        &run->stepper.params, &run->data, run->comm, &run->stepper.work, &run->measuring);
    metrics->evaluated = true;
    metrics->eval_rl = measures.eval_rl;
    metrics->explained_variance = measures.explained_variance;
    metrics->sparsity = measures.sparsity;
    metrics->l0 = measures.l0;
    metrics->dead = measures.dead;
    metrics->saturated = measures.saturated;
    warn_of_collapse(run, &measures, metrics->epoch);
}

static void log_epoch(const struct trainer *run, const struct spine_metrics *metrics)
{
    const int live = spine_log_is_live();
    if (metrics->evaluated)
        spine_log(SPINE_LOG_INFO,
                  "epoch %lld/%lld  loss %.5f (rl %.5f asl %.5f psl %.5f)  %.0f words/s  "
                  "explained %.1f %%  sparsity %.1f %%  dead %lld",
                  (long long)metrics->epoch, (long long)run->config->epochs, metrics->total,
                  metrics->rl, metrics->asl, metrics->psl, metrics->words_per_second,
                  100 * metrics->explained_variance, 100 * metrics->sparsity,
                  (long long)metrics->dead);
    else if (!live)
        spine_log(SPINE_LOG_INFO,
                  "epoch %lld/%lld  loss %.5f (rl %.5f asl %.5f psl %.5f)  %.0f words/s",
                  (long long)metrics->epoch, (long long)run->config->epochs, metrics->total,
                  metrics->rl, metrics->asl, metrics->psl, metrics->words_per_second);
}

/* --- Saving ------------------------------------------------------------------------------- */

/* Save where the run stands: 'step' steps into the epoch after 'epoch' done ones, which came to
 * 'sums' on this rank. Collective. */
static int save(struct trainer *run, enum spine_checkpoint_mode mode, int64_t epoch, size_t step,
                const struct spine_step_sums *sums, double waited, double seconds,
                struct spine_error *err)
{
    double all[] = {sums->squares, sums->partial, sums->active, waited};
    const int32_t own_mode = run->stepper.mode;
    char *modes = NULL;
    size_t bytes = 0;
    spine_comm_sum_doubles(run->comm, all, 4);
    if (spine_comm_gather(run->comm, &own_mode, sizeof own_mode, &modes, &bytes, err))
        return -1;
    const struct spine_progress progress = {.steps = (int64_t)run->stepper.optimizer.steps,
                                            .epoch = epoch,
                                            .step = (int64_t)step,
                                            .squares = all[0],
                                            .partial = all[1],
                                            .active = all[2],
                                            .asl = sums->asl,
                                            .waited = all[3],
                                            .seconds = seconds};
    int rc = 0;
    if (run->comm->rank == 0 &&
        (spine_metrics_sync(run->metrics, run->metrics_path, err) ||
         spine_checkpoint_save(&run->writer, mode, &run->stepper.params, &run->stepper.optimizer,
                               &progress, (const int32_t *)modes, err)))
        rc = -1;
    free(modes);
    run->saved = now();
    return spine_comm_agree(run->comm, rc, err);
}

/* What this rank asks of all before a step. The clock is rank 0's. */
static void ask(struct trainer *run)
{
    const struct spine_config *config = run->config;
    int *requests = run->stepper.requests;
    /* A signal sent to all ranks may reach some a step later; it is the same request. */
    const int just_saved = run->saved > run->started && now() - run->saved < 1;
    requests[SPINE_REQUEST_SAVE] = spine_interrupt_save() && !just_saved;
    requests[SPINE_REQUEST_LEAVE] = spine_interrupt_leave();
    requests[SPINE_REQUEST_HURRY] = spine_interrupt_hurry();
    if (run->comm->rank != 0)
        return;
    if (config->checkpoint_minutes > 0 && now() - run->saved >= 60 * config->checkpoint_minutes)
        requests[SPINE_REQUEST_SAVE] = 1;
    if (spine_interrupt_time_left(config->time_limit) <
        config->grace_seconds + 2 * run->writer.seconds)
        requests[SPINE_REQUEST_LEAVE] = 1;
}

/* Leave with what is asked for: saved, or in a hurry without, if the last save took too long. */
static int leave(struct trainer *run, int64_t epoch, size_t step,
                 const struct spine_step_sums *sums, double waited, double seconds,
                 struct spine_error *err)
{
    double last = run->writer.seconds;
    spine_comm_broadcast(run->comm, &last, sizeof last);
    if (!run->stepper.requests[SPINE_REQUEST_LEAVE] && last > run->config->grace_seconds)
        return spine_leave(err,
                           "stopped in epoch %lld without saving: a checkpoint takes longer than "
                           "train.grace_seconds; run the same command again to resume",
                           (long long)epoch + 1);
    if (save(run, SPINE_CHECKPOINT_NOW, epoch, step, sums, waited, seconds, err))
        return -1;
    return spine_leave(err,
                       "saved %s after epoch %lld, step %zu; run the same command again to resume",
                       run->config->directory, (long long)epoch, step);
}

/* What the steps before this run add to an epoch that was begun then. asl is equal on all ranks; of
 * the rest rank 0 takes all. */
static struct spine_step_sums sums_so_far(const struct trainer *run, int64_t epoch)
{
    const struct spine_progress *progress = &run->progress;
    if (epoch != progress->epoch)
        return (struct spine_step_sums){0};
    if (run->comm->rank != 0)
        return (struct spine_step_sums){.asl = progress->asl};
    return (struct spine_step_sums){progress->squares, progress->partial, progress->asl,
                                    progress->active};
}

/* Revive the units that have been idle for long enough. */
static int revive(struct trainer *run, int64_t done, struct spine_error *err)
{
    const int64_t after = run->config->revive_after;
    const size_t count = spine_idle_count(&run->idle, after);
    if (count == 0)
        return 0;
    spine_log(SPINE_LOG_INFO, "epoch %lld: reviving %zu units that were idle for %lld epochs",
              (long long)done, count, (long long)after);
    return spine_revive(&run->idle, after, &run->stepper.params, &run->stepper.optimizer,
                        &run->data, run->comm, &run->stepper.work, err);
}

/* The end of an epoch: metrics, and a checkpoint if one is due. */
static int finish_epoch(struct trainer *run, int64_t epoch, double seconds,
                        const struct spine_step_sums *sums, double waited,
                        struct spine_metrics *metrics, struct spine_error *err)
{
    const struct spine_config *config = run->config;
    const int64_t every = config->evaluate_every, done = epoch + 1;
    summarize(run, (uint32_t)epoch, seconds, sums, waited, metrics);
    if (done == run->last_epoch || (every > 0 && done % every == 0))
        evaluate(run, metrics);
    int rc = 0;
    if (!isfinite(metrics->total) || !isfinite(metrics->eval_rl))
        rc = spine_fail(err,
                        "epoch %lld: the loss is not finite; a lower train.learning_rate than %g "
                        "may help",
                        (long long)done, run->stepper.schedule.rate);
    else if (run->comm->rank == 0 &&
             (spine_metrics_write(run->metrics, run->metrics_path, metrics, err) ||
              spine_events_update(&run->events, err) || spine_checkpoint_poll(&run->writer, err)))
        rc = -1;
    log_epoch(run, metrics);
    if (spine_comm_agree(run->comm, rc, err))
        return -1;
    return config->revive_after > 0 && done < config->epochs ? revive(run, done, err) : 0;
}

static int run_epoch(struct trainer *run, int64_t epoch, struct spine_metrics *metrics,
                     struct spine_error *err)
{
    const struct spine_config *config = run->config;
    const int resumed = epoch == run->progress.epoch;
    const size_t steps = spine_partition_steps(&run->data.part);
    const int recorded = epoch + 1 == run->last_epoch && run->timeline.events != NULL;
    /* As if the seconds and waits before this run had been in it. */
    const double started = now() - (resumed ? run->progress.seconds : 0);
    const double waited =
        run->stepper.sums.waited - (resumed && run->comm->rank == 0 ? run->progress.waited : 0);
    const int *requests = run->stepper.requests;
    struct spine_step_sums sums = sums_so_far(run, epoch);
    int wanted = 0, leaving = 0;
    spine_partition_shuffle(&run->data.part, (uint32_t)epoch);
    for (size_t step = resumed ? (size_t)run->progress.step : 0; step < steps; step++) {
        run->stepper.recording = recorded && step < TIMELINE_STEPS ? &run->timeline : NULL;
        ask(run);
        if (spine_stepper_take(&run->stepper, run->comm, &run->data, (uint32_t)epoch, step, &sums,
                               err))
            return -1;
        if (config->revive_after > 0)
            spine_idle_note(&run->idle, run->stepper.h_sum);
        show_progress(run, (uint32_t)epoch, step, metrics);
        wanted = requests[SPINE_REQUEST_SAVE];
        leaving = requests[SPINE_REQUEST_LEAVE] || requests[SPINE_REQUEST_HURRY];
        if (step + 1 == steps)
            break;
        const double waiting = run->stepper.sums.waited - waited;
        if (leaving)
            return leave(run, epoch, step + 1, &sums, waiting, now() - started, err);
        if (wanted && save(run, SPINE_CHECKPOINT_BEHIND, epoch, step + 1, &sums, waiting,
                           now() - started, err))
            return -1;
    }
    if (finish_epoch(run, epoch, now() - started, &sums, run->stepper.sums.waited - waited, metrics,
                     err))
        return -1;
    const int64_t done = epoch + 1, every = config->checkpoint_every;
    const struct spine_step_sums none = {0};
    if (done == run->last_epoch)
        return save(run, SPINE_CHECKPOINT_NOW, done, 0, &none, 0, 0, err);
    if (leaving)
        return leave(run, done, 0, &none, 0, 0, err);
    if (wanted || (every > 0 && done % every == 0))
        return save(run, SPINE_CHECKPOINT_BEHIND, done, 0, &none, 0, 0, err);
    return 0;
}

/* A run that goes on from another's checkpoint has one of its own from the start. Collective. */
static int save_beginning(struct trainer *run, struct spine_error *err)
{
    const struct spine_progress *progress = &run->progress;
    const struct spine_step_sums sums = sums_so_far(run, progress->epoch);
    return save(run, SPINE_CHECKPOINT_NOW, progress->epoch, (size_t)progress->step, &sums,
                run->comm->rank == 0 ? progress->waited : 0, progress->seconds, err);
}

/* Say where the run begins. */
static void announce(const struct trainer *run)
{
    const struct spine_progress *progress = &run->progress;
    const size_t steps = spine_partition_steps(&run->data.part);
    if (run->start == SPINE_START_FINISHED)
        spine_log(SPINE_LOG_INFO, "%s is finished%s: %lld epochs; nothing to do",
                  run->config->directory,
                  run->last_epoch < run->config->epochs ? " up to train.stop_after" : "",
                  (long long)progress->epoch);
    else
        spine_log(SPINE_LOG_INFO,
                  "training %lld units on %zu x %zu numbers; batches of %lld, %zu steps an epoch, "
                  "%d rank%s",
                  (long long)run->config->hidden, run->data.part.num_rows, run->data.dim,
                  (long long)run->config->batch_size, steps, run->comm->size,
                  run->comm->size == 1 ? "" : "s");
    if (run->start == SPINE_START_RESUMED)
        spine_log(SPINE_LOG_INFO, "resuming after epoch %lld, step %lld",
                  (long long)progress->epoch, (long long)progress->step);
}

int spine_train(const struct spine_config *config, struct spine_comm *comm,
                const struct spine_dataset *whole, const char *timeline, struct spine_error *err)
{
    struct trainer run;
    struct spine_metrics metrics = {0};
    int rc = init(&run, config, comm, whole, timeline, err);
    if (rc == 0 && run.start != SPINE_START_FINISHED && whole == NULL)
        rc = spine_preflight_log(comm, config->directory, config->batch_size, err);
    if (rc == 0)
        announce(&run);
    run.started = run.saved = now();
    if (rc == 0 && run.start != SPINE_START_FINISHED) {
        if (run.start == SPINE_START_RESUMED && strcmp(config->resume, "auto") != 0)
            rc = save_beginning(&run, err);
        for (int64_t epoch = run.progress.epoch; rc == 0 && epoch < run.last_epoch; epoch++)
            rc = run_epoch(&run, epoch, &metrics, err);
        if (rc == 0)
            rc = spine_results_write(config, comm, &run.stepper.params, &run.data,
                                     &run.stepper.work, err);
        if (rc == 0 && timeline != NULL)
            rc = spine_timeline_write(&run.timeline, comm, timeline, err);
    }
    return spine_comm_agree(comm, dispose(&run, rc, err), err);
}
