/* train.c -- the run: loop, metrics, the files at the end.
 *
 * 1. Everything is allocated before the first step; the loop allocates nothing.
 * 2. The parameters are equal on all ranks (step.h), so rank 0 may write them for all.
 * 3. Whatever can fail on one rank is agreed on before the next collective call. */
#include "spine/train.h"

#include "spine/codes.h"
#include "spine/dataset.h"
#include "spine/log.h"
#include "spine/measures.h"
#include "spine/merge.h"
#include "spine/metrics.h"
#include "spine/modelfile.h"
#include "spine/rundir.h"
#include "spine/step.h"
#include "spine/timeline.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The timeline has this many steps, of the last epoch. */
enum { TIMELINE_STEPS = 100 };

struct trainer {
    const struct spine_config *config;
    struct spine_comm *comm;
    struct spine_dataset data;
    struct spine_stepper stepper;
    struct spine_measuring measuring;
    struct spine_timeline timeline;
    char metrics_path[SPINE_RUNDIR_PATH];
    FILE *metrics;                  /* on rank 0 */
    double started, progress_shown; /* seconds */
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

static int open_files(struct trainer *run, struct spine_error *err)
{
    if (run->comm->rank != 0)
        return 0;
    if (spine_rundir_prepare(run->config->directory, (int)run->config->overwrite, err) ||
        spine_rundir_join(run->metrics_path, run->config->directory, "metrics.jsonl", err))
        return -1;
    run->metrics = fopen(run->metrics_path, "w");
    return run->metrics == NULL ? spine_fail(err, "%s: %s", run->metrics_path, strerror(errno)) : 0;
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

static int init(struct trainer *run, const struct spine_config *config, struct spine_comm *comm,
                const char *timeline, struct spine_error *err)
{
    *run = (struct trainer){.config = config, .comm = comm};
    int rc =
        comm->rank == 0 ? spine_rundir_check(config->directory, (int)config->overwrite, err) : 0;
    if (spine_comm_agree(comm, rc, err) ||
        spine_dataset_init(&run->data, comm, config->input, (size_t)config->limit,
                           (size_t)config->batch_size, (uint64_t)config->seed, err) ||
        spine_dataset_scale(&run->data, comm, (int)config->center, config->rms, err) ||
        init_stepper(run, err))
        return -1;
    rc = spine_measuring_init(&run->measuring, (size_t)config->hidden, err);
    if (rc == 0 && timeline != NULL)
        rc = spine_timeline_init(&run->timeline, TIMELINE_STEPS * spine_stepper_most_events(), err);
    return spine_comm_agree(comm, rc || open_files(run, err), err);
}

static int dispose(struct trainer *run, int rc, struct spine_error *err)
{
    if (run->metrics != NULL && fclose(run->metrics) != 0 && rc == 0)
        rc = spine_fail(err, "%s: %s", run->metrics_path, strerror(errno));
    spine_timeline_dispose(&run->timeline);
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
    const double done = (double)epoch + (double)(step + 1) / (double)steps;
    const double elapsed = time - run->started;
    const double left = elapsed / done * ((double)run->config->epochs - done);
    const double words = done * (double)run->data.part.num_rows / elapsed;
    const int minutes = (int)left / 60, seconds = (int)left % 60;
    if (epoch == 0)
        spine_log_progress("epoch 1/%lld  %.0f words/s  %d:%02d left",
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

static void evaluate(struct trainer *run, struct spine_metrics *metrics)
{
    const struct spine_measures measures = spine_measures_take(
        &run->stepper.params, &run->data, run->comm, &run->stepper.work, &run->measuring);
    metrics->evaluated = 1;
    metrics->eval_rl = measures.eval_rl;
    metrics->explained_variance = measures.explained_variance;
    metrics->sparsity = measures.sparsity;
    metrics->l0 = measures.l0;
    metrics->dead = measures.dead;
    metrics->saturated = measures.saturated;
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

static int run_epoch(struct trainer *run, uint32_t epoch, struct spine_metrics *metrics,
                     struct spine_error *err)
{
    const int64_t every = run->config->evaluate_every, epochs = run->config->epochs;
    const double started = now(), waited = run->stepper.sums.waited;
    const int recorded = epoch + 1 == epochs && run->timeline.events != NULL;
    struct spine_step_sums sums = {0};
    spine_partition_shuffle(&run->data.part, epoch);
    for (size_t step = 0; step < spine_partition_steps(&run->data.part); step++) {
        run->stepper.recording = recorded && step < TIMELINE_STEPS ? &run->timeline : NULL;
        if (spine_stepper_take(&run->stepper, run->comm, &run->data, epoch, step, &sums, err))
            return -1;
        show_progress(run, epoch, step, metrics);
    }
    summarize(run, epoch, now() - started, &sums, run->stepper.sums.waited - waited, metrics);
    if (epoch + 1 == epochs || (every > 0 && (epoch + 1) % every == 0))
        evaluate(run, metrics);
    int rc = 0;
    if (!isfinite(metrics->total) || !isfinite(metrics->eval_rl))
        rc = spine_fail(err,
                        "epoch %u: the loss is not finite; train.learning_rate = %g may be "
                        "too high",
                        epoch + 1, run->config->learning_rate);
    else if (run->metrics != NULL)
        rc = spine_metrics_write(run->metrics, run->metrics_path, metrics, err);
    log_epoch(run, metrics);
    return spine_comm_agree(run->comm, rc, err);
}

/* --- The files at the end ----------------------------------------------------------------- */

static int write_model(struct trainer *run, struct spine_error *err)
{
    char path[SPINE_RUNDIR_PATH];
    char *config = spine_config_text(run->config);
    int rc = -1;
    if (config == NULL)
        spine_fail(err, "out of memory for the configuration's text");
    else if (spine_rundir_join(path, run->config->directory, "model.h5", err) == 0)
        rc = spine_modelfile_write(path, &run->stepper.params, run->data.mean, run->data.scale,
                                   config, err);
    free(config);
    return rc;
}

static int write_shard(struct trainer *run, struct spine_error *err)
{
    const struct spine_partition *part = &run->data.part;
    struct spine_shard shard = {.shard = run->comm->rank,
                                .shards = run->comm->size,
                                .first_row = (int64_t)part->first_row,
                                .rows = (int64_t)(part->end_row - part->first_row),
                                .total_rows = (int64_t)part->num_rows,
                                .hidden = run->config->hidden};
    spine_modelfile_fingerprint(&run->stepper.params, run->data.mean, run->data.scale,
                                shard.fingerprint);
    return spine_codes_write_shard(run->config->directory, &shard, &run->stepper.params, &run->data,
                                   &run->stepper.work, (uint32_t)run->config->epochs,
                                   run->config->noisy_codes ? run->config->noise : 0, err);
}

static int merge_into(const struct trainer *run, const char *name, enum spine_merge_format format,
                      struct spine_error *err)
{
    char path[SPINE_RUNDIR_PATH];
    struct spine_merge_report report;
    if (spine_rundir_join(path, run->config->directory, name, err) ||
        spine_merge(run->config->directory, path, format, &report, err))
        return -1;
    if (report.escaped > 0)
        spine_log(SPINE_LOG_INFO, "%s: %zu words are not valid UTF-8; such bytes stand as \\xNN",
                  path, report.escaped);
    spine_log(SPINE_LOG_INFO, "wrote %s: %zu words x %zu dimensions, %.1f values a word", path,
              report.rows, report.hidden, (double)report.values / (double)report.rows);
    return 0;
}

static int merge(const struct trainer *run, struct spine_error *err)
{
    if ((run->config->formats & SPINE_FORMAT_H5AD) &&
        merge_into(run, "codes.h5ad", SPINE_MERGE_H5AD, err))
        return -1;
    if ((run->config->formats & SPINE_FORMAT_TXT) &&
        merge_into(run, "codes.txt", SPINE_MERGE_TXT, err))
        return -1;
    return 0;
}

static int write_files(struct trainer *run, struct spine_error *err)
{
    const int first = run->comm->rank == 0;
    if (spine_comm_agree(run->comm, first ? write_model(run, err) : 0, err) ||
        spine_comm_agree(run->comm, write_shard(run, err), err))
        return -1;
    if (!run->config->merge) {
        spine_log(SPINE_LOG_INFO, "wrote %d shards; 'spine-merge %s' joins them", run->comm->size,
                  run->config->directory);
        return 0;
    }
    return spine_comm_agree(run->comm, first ? merge(run, err) : 0, err);
}

int spine_train(const struct spine_config *config, struct spine_comm *comm, const char *timeline,
                struct spine_error *err)
{
    struct trainer run;
    struct spine_metrics metrics = {0};
    int rc = init(&run, config, comm, timeline, err);
    if (rc == 0)
        spine_log(SPINE_LOG_INFO,
                  "training %lld units on %zu x %zu numbers; batches of %lld, %zu steps an epoch, "
                  "%d rank%s",
                  (long long)config->hidden, run.data.part.num_rows, run.data.dim,
                  (long long)config->batch_size, spine_partition_steps(&run.data.part), comm->size,
                  comm->size == 1 ? "" : "s");
    run.started = now();
    for (int64_t epoch = 0; rc == 0 && epoch < config->epochs; epoch++)
        rc = run_epoch(&run, (uint32_t)epoch, &metrics, err);
    if (rc == 0)
        rc = write_files(&run, err);
    if (rc == 0 && timeline != NULL)
        rc = spine_timeline_write(&run.timeline, comm, timeline, err);
    return spine_comm_agree(comm, dispose(&run, rc, err), err);
}
