/* train.c -- the run: loop, metrics, the files at the end.
 *
 * 1. Everything is allocated before the first step; the loop allocates nothing.
 * 2. The parameters are equal on all ranks, to the bit: they begin equal and every rank applies
 *    the same sums. So rank 0 may write them for all.
 * 3. Whatever can fail on one rank is agreed on before the next collective call. */
#include "spine/train.h"

#include "spine/codes.h"
#include "spine/dataset.h"
#include "spine/log.h"
#include "spine/measures.h"
#include "spine/merge.h"
#include "spine/metrics.h"
#include "spine/modelfile.h"
#include "spine/optimizer.h"
#include "spine/rundir.h"
#include "spine/sums.h"
#include "spine/timeline.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A slice of the gradient that is summed on its own has about this many floats: large enough for
 * the network's full speed, small enough that there is something to overlap with. */
enum { SLICE_FLOATS = 1 << 17, MOST_SLICES = 8 };

/* The timeline has this many steps of the last epoch, and of each at most so many events. */
enum { TIMELINE_STEPS = 100, TIMELINE_EVENTS = 8 + 6 * MOST_SLICES };

struct trainer {
    const struct spine_config *config;
    struct spine_comm *comm;
    struct spine_loss_weights weights;
    struct spine_schedule schedule;
    struct spine_dataset data;
    struct spine_params params;
    struct spine_sums sums;       /* over ranks: the gradient, and behind it the sum of h (H) */
    struct spine_params gradient; /* placed in sums.block */
    float *h_sum;                 /* in sums.block too */
    struct spine_optimizer optimizer;
    struct spine_workspace work;
    struct spine_measuring measuring;
    enum spine_path path;                       /* of the next step */
    size_t num_slices;                          /* that a matrix's gradient is summed in */
    struct spine_timeline timeline, *recording; /* NULL but in the steps that are recorded */
    char metrics_path[SPINE_RUNDIR_PATH];
    FILE *metrics;                  /* on rank 0 */
    double started, progress_shown; /* seconds */
};

/* Sums over an epoch's steps on this rank, but for asl, which is the global batch's. */
struct epoch_sums {
    double squares, partial, active, waited;
    double asl; /* times the rows of its batch */
};

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* --- Setting up --------------------------------------------------------------------------- */

static int init_model(struct trainer *run, struct spine_error *err)
{
    const struct spine_config *config = run->config;
    const size_t dim = run->data.dim, hidden = (size_t)config->hidden;
    const size_t most = spine_partition_most_rows(&run->data.part);
    if (spine_params_init(&run->params, dim, hidden, err) ||
        spine_optimizer_init(&run->optimizer, (enum spine_optimizer_kind)config->optimizer,
                             config->momentum, config->beta2, run->params.len, err) ||
        spine_workspace_init(&run->work, dim, hidden, most, err) ||
        spine_measuring_init(&run->measuring, hidden, err))
        return -1;
    if (spine_kernel_prepare())
        return spine_fail(err, "out of memory for the BLAS library");
    spine_params_randomize(&run->params, (uint64_t)config->seed);
    const size_t slices = hidden * run->params.stride / SLICE_FLOATS;
    run->num_slices = run->comm->size == 1 || slices < 1 ? 1
                      : slices > MOST_SLICES             ? MOST_SLICES
                                                         : slices;
    run->num_slices = run->num_slices > hidden ? hidden : run->num_slices;
    if (config->kernel == SPINE_KERNEL_SPARSE)
        run->path = SPINE_SPARSE;
    return 0;
}

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

static int open_files(struct trainer *run, const char *timeline, struct spine_error *err)
{
    if (timeline != NULL &&
        spine_timeline_init(&run->timeline, (size_t)TIMELINE_STEPS * TIMELINE_EVENTS, err))
        return -1;
    if (run->comm->rank != 0)
        return 0;
    if (spine_rundir_prepare(run->config->directory, (int)run->config->overwrite, err) ||
        spine_rundir_join(run->metrics_path, run->config->directory, "metrics.jsonl", err))
        return -1;
    run->metrics = fopen(run->metrics_path, "w");
    return run->metrics == NULL ? spine_fail(err, "%s: %s", run->metrics_path, strerror(errno)) : 0;
}

static int init(struct trainer *run, const struct spine_config *config, struct spine_comm *comm,
                const char *timeline, struct spine_error *err)
{
    *run = (struct trainer){
        .config = config,
        .comm = comm,
        .weights = {config->sparsity, config->asl_weight, config->psl_weight},
    };
    const int rc =
        comm->rank == 0 ? spine_rundir_check(config->directory, (int)config->overwrite, err) : 0;
    if (spine_comm_agree(comm, rc, err) ||
        spine_dataset_init(&run->data, comm, config->input, (size_t)config->limit,
                           (size_t)config->batch_size, (uint64_t)config->seed, err) ||
        spine_dataset_scale(&run->data, comm, (int)config->center, config->rms, err) ||
        spine_comm_agree(comm, init_model(run, err), err) ||
        spine_sums_init(&run->sums, comm, run->params.len + run->params.hidden, 0, err))
        return -1;
    spine_params_place(&run->gradient, run->params.dim, run->params.hidden, run->sums.block);
    run->h_sum = run->sums.block + run->params.len;
    run->schedule = (struct spine_schedule){
        .kind = (enum spine_schedule_kind)config->schedule,
        .rate = highest_rate(config),
        .warmup = config->warmup,
        .decay = config->decay,
        .num_steps = (uint64_t)config->epochs * spine_partition_steps(&run->data.part),
    };
    return spine_comm_agree(comm, open_files(run, timeline, err), err);
}

static int dispose(struct trainer *run, int rc, struct spine_error *err)
{
    if (run->metrics != NULL && fclose(run->metrics) != 0 && rc == 0)
        rc = spine_fail(err, "%s: %s", run->metrics_path, strerror(errno));
    spine_timeline_dispose(&run->timeline);
    spine_measuring_dispose(&run->measuring);
    spine_workspace_dispose(&run->work);
    spine_optimizer_dispose(&run->optimizer);
    spine_sums_dispose(&run->sums);
    spine_params_dispose(&run->params);
    spine_dataset_dispose(&run->data);
    return rc;
}

/* --- Training ----------------------------------------------------------------------------- */

/* --- A step ------------------------------------------------------------------------------- */

/* Choose the path of the next step by what the last one found. */
static void choose_path(struct trainer *run, size_t rows)
{
    if (run->config->kernel == SPINE_KERNEL_AUTO)
        run->path = spine_workspace_faster_path(&run->work, rows);
}

/* A part of the gradient whose sum is under way: the units [first, end) of one matrix, with the
 * bias behind it if they are the last. */
struct slice {
    size_t begin, len; /* in the parameter block */
    int ticket;
};

static size_t slice_end(const struct trainer *run, size_t slice)
{
    return (slice + 1) * run->params.hidden / run->num_slices;
}

/* Begin to sum slice number 'slice' of the matrix whose gradient begins at 'matrix', and whose
 * bias ends at 'end'. */
static struct slice begin_slice(struct trainer *run, size_t slice, float *matrix, const float *end)
{
    const size_t first = slice == 0 ? 0 : slice_end(run, slice - 1);
    float *begin = matrix + first * run->params.stride;
    if (slice + 1 < run->num_slices)
        end = matrix + slice_end(run, slice) * run->params.stride;
    const size_t at = (size_t)(begin - run->gradient.data), len = (size_t)(end - begin);
    return (struct slice){at, len, spine_sums_begin(&run->sums, at, len)};
}

/* Record what was done since *since, and begin anew. */
static void mark(struct trainer *run, const char *name, double *since)
{
    if (run->recording == NULL)
        return;
    const double time = spine_comm_clock();
    spine_timeline_add(run->recording, name, SPINE_LANE_WORK, *since, time);
    *since = time;
}

static void wait_for(struct trainer *run, const char *name, int ticket)
{
    double span[2];
    spine_sums_wait(&run->sums, ticket, span);
    spine_timeline_add(run->recording, name, SPINE_LANE_SUMS, span[0], span[1]);
}

static void take_step(struct trainer *run, uint32_t epoch, size_t step, struct epoch_sums *sums)
{
    struct spine_workspace *work = &run->work;
    struct spine_params *params = &run->params, *gradient = &run->gradient;
    struct slice slices[2 * MOST_SLICES];
    double since = spine_comm_clock();
    const size_t batch_rows = spine_partition_batch_rows(&run->data.part, step);
    const struct spine_batch batch =
        spine_dataset_batch(&run->data, epoch, step, run->config->noise);
    work->path = run->path;
    mark(run, "batch", &since);

    spine_model_encode(params, &batch, work);
    mark(run, "encode", &since);
    memcpy(run->h_sum, work->h_sum, work->hidden * sizeof *run->h_sum);
    const int h_sum = spine_sums_begin(&run->sums, gradient->len, work->hidden);
    spine_model_decode(params, &batch, batch_rows, work);
    mark(run, "decode", &since);
    /* Each slice of the gradient is summed while the next ones are computed. */
    for (size_t s = 0; s < run->num_slices; s++) {
        spine_model_decoder_gradient(params, &batch, s == 0 ? 0 : slice_end(run, s - 1),
                                     slice_end(run, s), work, gradient);
        slices[s] = begin_slice(run, s, gradient->W2, gradient->data + gradient->len);
        spine_sums_progress(&run->sums);
    }
    mark(run, "gradient of W2", &since);
    wait_for(run, "sum of h", h_sum);
    mark(run, "wait for h", &since);
    spine_model_average(params, batch_rows, run->h_sum, &run->weights, work);
    for (size_t s = 0; s < run->num_slices; s++) {
        spine_model_encoder_gradient(params, &batch, s == 0 ? 0 : slice_end(run, s - 1),
                                     slice_end(run, s), work, gradient);
        slices[run->num_slices + s] = begin_slice(run, s, gradient->W1, gradient->W2);
        spine_sums_progress(&run->sums);
    }
    mark(run, "gradient of W1", &since);
    /* And the update works on what has arrived. */
    spine_optimizer_begin(&run->optimizer,
                          spine_schedule_rate(&run->schedule, run->optimizer.steps));
    for (size_t s = 0; s < 2 * run->num_slices; s++) {
        wait_for(run, s < run->num_slices ? "sum of dW2" : "sum of dW1", slices[s].ticket);
        mark(run, "wait for gradient", &since);
        spine_optimizer_update(&run->optimizer, slices[s].begin, slices[s].len, params->data,
                               gradient->data);
        mark(run, "update", &since);
    }
    choose_path(run, batch.rows);

    sums->squares += work->loss.squares;
    sums->partial += work->loss.partial;
    sums->active += (double)work->loss.active;
    sums->asl += work->loss.asl * (double)batch_rows;
}

/* The step's mean of h, and so ASL, is not finite, on all ranks: find out where it began. */
static int diverged(struct trainer *run, uint32_t epoch, size_t step, struct spine_error *err)
{
    const int here = !isfinite(run->work.loss.partial);
    const int rc = here ? spine_fail(err,
                                     "epoch %u, step %zu: the codes are not finite; "
                                     "train.learning_rate = %g may be too high",
                                     epoch + 1, step + 1, run->config->learning_rate)
                        : 0;
    if (spine_comm_agree(run->comm, rc, err) == 0)
        spine_fail(err, "epoch %u, step %zu: the loss is not finite", epoch + 1, step + 1);
    return -1;
}

static void show_progress(struct trainer *run, uint32_t epoch, size_t step,
                          const struct spine_metrics *last)
{
    const double time = now();
    if (!spine_log_is_live() || time - run->progress_shown < 0.2)
        return;
    run->progress_shown = time;
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
                      const struct epoch_sums *sums, struct spine_metrics *metrics)
{
    const double rows = (double)run->data.part.num_rows, hidden = (double)run->params.hidden;
    double all[] = {sums->squares, sums->partial, sums->active, sums->waited};
    spine_comm_sum_doubles(run->comm, all, 4);
    *metrics = (struct spine_metrics){
        .epoch = epoch + 1,
        .rl = all[0] / (rows * (double)run->params.dim),
        .asl = sums->asl / rows,
        .psl = all[1] / (rows * hidden),
        .learning_rate = spine_schedule_rate(&run->schedule, run->optimizer.steps - 1),
        .seconds = seconds,
        .words_per_second = rows / seconds,
        .comm_share = all[3] / (seconds * run->comm->size),
        .density = all[2] / (rows * hidden),
    };
    metrics->total =
        metrics->rl + run->weights.asl * metrics->asl + run->weights.psl * metrics->psl;
}

static void evaluate(struct trainer *run, struct spine_metrics *metrics)
{
    const struct spine_measures measures =
        spine_measures_take(&run->params, &run->data, run->comm, &run->work, &run->measuring);
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
    const double started = now(), waited = run->sums.waited;
    struct epoch_sums sums = {0};
    spine_partition_shuffle(&run->data.part, epoch);
    const int recorded = epoch + 1 == epochs && run->timeline.events != NULL;
    for (size_t step = 0; step < spine_partition_steps(&run->data.part); step++) {
        run->recording = recorded && step < TIMELINE_STEPS ? &run->timeline : NULL;
        take_step(run, epoch, step, &sums);
        if (!isfinite(run->work.loss.asl))
            return diverged(run, epoch, step, err);
        show_progress(run, epoch, step, metrics);
    }
    sums.waited = run->sums.waited - waited;
    summarize(run, epoch, now() - started, &sums, metrics);
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
        rc =
            spine_modelfile_write(path, &run->params, run->data.mean, run->data.scale, config, err);
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
    spine_modelfile_fingerprint(&run->params, run->data.mean, run->data.scale, shard.fingerprint);
    return spine_codes_write_shard(run->config->directory, &shard, &run->params, &run->data,
                                   &run->work, (uint32_t)run->config->epochs,
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
