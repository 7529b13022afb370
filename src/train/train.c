/* train.c -- a run: its epochs, metrics and checkpoints, and the results at the end.
 *
 * 1. Everything is allocated before the first step; the loop allocates nothing.
 * 2. The parameters are equal on all ranks (step.h), so rank 0 may write them for all.
 * 3. After anything that can fail on one rank, all ranks agree before the next collective call. */
#include "spine/train/train.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/clock.h"
#include "spine/base/interrupt.h"
#include "spine/base/log.h"
#include "spine/base/outfile.h"
#include "spine/config/settings.h"
#include "spine/files/checkpoint.h"
#include "spine/files/events.h"
#include "spine/files/metrics.h"
#include "spine/files/rundir.h"
#include "spine/ranks/openmpi.h"
#include "spine/ranks/timeline.h"
#include "spine/train/atoms.h"
#include "spine/train/dataset.h"
#include "spine/train/extremes.h"
#include "spine/train/forecast.h"
#include "spine/train/holdout.h"
#include "spine/train/measures.h"
#include "spine/train/nnse.h"
#include "spine/train/parallel.h"
#include "spine/train/preflight.h"
#include "spine/train/refit.h"
#include "spine/train/results.h"
#include "spine/train/resume.h"
#include "spine/train/revive.h"
#include "spine/train/scalingfit.h"
#include "spine/train/status.h"
#include "spine/train/step.h"

/* How much the reconstruction loss may rise in an epoch after units were revived. */
static const double SPOILED = 1.05;

/* The timeline has this many steps, of the last epoch. */
enum { TIMELINE_STEPS = 100 };

struct trainer {
    const struct spine_config *config;
    struct spine_parallel parallel;
    struct spine_comm *comm; /* the grid's ranks */
    struct spine_dataset data;
    struct spine_holdout holdout; /* if data.holdout isn't 0 */
    struct spine_stepper stepper;
    struct spine_coder coder; /* of all that isn't training */
    struct spine_measures_scratch scratch;
    struct spine_nnse nnse; /* if that is the objective */
    struct spine_idle idle; /* counts if train.revive_after isn't 0 */
    double last_rl;         /* reconstruction loss of the epoch before; NaN: there was none */
    int64_t last_epoch;     /* to train for now */
    struct spine_timeline timeline;
    struct spine_resume resume;            /* how it began */
    struct spine_position position;        /* how far it is */
    double epoch_started, epoch_waited;    /* position.seconds and waited are counted from these */
    struct spine_checkpoint_writer writer; /* used on rank 0 */
    char metrics_path[SPINE_RUNDIR_PATH], events_path[SPINE_RUNDIR_PATH];
    FILE *metrics;              /* on rank 0 */
    struct spine_events events; /* on rank 0, if output.tensorboard */
    struct spine_status status;
    double saved; /* when the last checkpoint was begun */
};

/* --- Setting up --------------------------------------------------------------------------- */

static int open_files(struct trainer *run, struct spine_error *err)
{
    const struct spine_config *config = run->config;
    if (run->comm->rank != 0)
        return 0;
    if (spine_checkpoint_writer_init(&run->writer, config->directory, (int)config->checkpoint_keep,
                                     &run->resume.texts, err) ||
        spine_metrics_path(config->directory, run->metrics_path, err) ||
        spine_rundir_join(run->events_path, config->directory, "events.out.tfevents", err))
        return -1;
    run->writer.scaling = &run->data.scaling;
    if (config->revive_after > 0) {
        run->writer.idle = run->idle.epochs;
        run->writer.num_idle = run->idle.hidden;
    }
    if (spine_metrics_open(&run->metrics, run->metrics_path, run->position.epoch, err))
        return -1;
    if (config->tensorboard)
        return spine_events_open(&run->events, run->events_path, run->metrics_path,
                                 run->position.epoch, err);
    return 0;
}

/* Make the grid, and check that there is room for the run. A sweep's many runs, whose input is shared,
 * don't measure. Collective over comm. */
static int make_grid(struct trainer *run, struct spine_comm *comm, bool shared, size_t num_rows,
                     size_t dim, struct spine_error *err)
{
    if (spine_parallel_init(&run->parallel, run->config, comm, num_rows, shared ? 0 : dim, err))
        return -1;
    run->comm = &run->parallel.grid.ranks;
    return spine_forecast_check(run->config, comm, &run->parallel, num_rows, dim, err);
}

/* The result of work that read rows: if reading them failed, that is the error, whatever rc is, and what
 * was made is worth nothing. rc is that of all ranks. Collective. */
static int check_rows(const struct trainer *run, int rc, struct spine_error *err)
{
    struct spine_error reason;

    if (run->data.storage == SPINE_IN_MEMORY ||
        spine_comm_agree(run->comm, spine_dataset_check(&run->data, &reason), &reason) == 0)
        return rc;
    *err = reason;
    return -1;
}

/* Read this rank's rows. */
static int read_rows(struct trainer *run, struct spine_error *err)
{
    const struct spine_config *config = run->config;
    const struct spine_scaling_options options = spine_settings_scaling(config);
    struct spine_input input;

    if (spine_input_open(&input, run->comm, config->input, (size_t)config->limit, err))
        return -1;
    input.storage = spine_settings_storage(config);
    int rc = spine_dataset_init(&run->data, run->comm, &input, &run->parallel.sharing, err);
    if (rc == 0)
        rc = spine_dataset_inspect(&run->data, run->comm, &input, &options, err);
    spine_input_close(&input);

    if (rc == 0 && config->start_from[0] == '\0')
        rc = spine_scalingfit(&run->data, run->comm, &options, err);
    if (rc == 0 && config->start_from[0] == '\0')
        rc = spine_extremes_warn(&run->data, run->comm, &run->status.is_extreme, err);
    return check_rows(run, rc, err);
}

/* The extent of the input: of 'whole' if it is in memory already. */
static int find_extent(const struct spine_config *config, struct spine_comm *comm,
                       const struct spine_dataset *whole, size_t *num_rows, size_t *dim,
                       struct spine_error *err)
{
    struct spine_input input = {.num_rows = whole == NULL ? 0 : whole->part.num_rows,
                                .dim = whole == NULL ? 0 : whole->dim};

    if (whole == NULL && spine_input_open(&input, comm, config->input, (size_t)config->limit, err))
        return -1;
    *num_rows = input.num_rows;
    *dim = input.dim;
    spine_input_close(&input);
    return 0;
}

/* Do to the rows what needs the start to be known: scale them as the run was that this one starts
 * from, unless they are shared and scaled, and hold some out. */
static int finish_rows(struct trainer *run, bool is_own, struct spine_error *err)
{
    const struct spine_config *config = run->config;

    if (config->start_from[0] != '\0' && is_own &&
        spine_scalingfit_adopt(&run->data, run->comm, &run->resume.scaling, err))
        return check_rows(run, -1, err);
    if (config->holdout > 0 &&
        spine_holdout_begin(&run->holdout, &run->data, run->comm, config->holdout, err))
        return check_rows(run, -1, err);

    const bool packs = run->data.storage == SPINE_IN_HALF_MEMORY;
    const int rc = packs ? spine_dataset_pack(&run->data, err) : 0;
    return check_rows(run, spine_comm_agree(run->comm, rc, err), err);
}

/* Set up everything that the first step needs, but on ranks that are idle. */
static int init(struct trainer *run, const struct spine_config *config, struct spine_comm *comm,
                const struct spine_dataset *whole, const char *timeline, struct spine_error *err)
{
    size_t num_rows, dim;

    *run = (struct trainer){.config = config,
                            .last_epoch = spine_settings_last_epoch(config),
                            .resume = {.config = config,
                                       .data = &run->data,
                                       .stepper = &run->stepper,
                                       .idle = config->revive_after > 0 ? &run->idle : NULL,
                                       .lock = -1}};
    if (find_extent(config, comm, whole, &num_rows, &dim, err) ||
        make_grid(run, comm, whole != NULL, num_rows, dim, err))
        return -1;
    if (run->parallel.grid.is_idle)
        return 0;
    run->status = (struct spine_status){.config = config,
                                        .data = &run->data,
                                        .resume = &run->resume,
                                        .rank = run->comm->rank,
                                        .size = run->comm->size};

    int rc = whole != NULL
                 ? spine_dataset_view(&run->data, run->comm, whole, &run->parallel.sharing, err)
                 : read_rows(run, err);
    if (rc != 0)
        return -1;
    comm = run->comm;
    const struct spine_step_settings settings = spine_step_settings(config, &run->data);
    if (spine_stepper_init(&run->stepper, &run->parallel.grid, &settings, &run->data, err))
        return -1;
    if (config->start == SPINE_ATOMS_WORDS && config->objective != SPINE_OBJECTIVE_NNSE &&
        spine_atoms_begin(&run->stepper, &run->data, err))
        return -1;

    rc = spine_measures_scratch_init(&run->scratch, settings.hidden, err) ||
         spine_idle_init(&run->idle, settings.hidden, config->noise, err) ||
         spine_coder_init(&run->coder, settings.dim, settings.hidden, err);
    run->coder.block.activation = settings.activation;
    if (rc == 0 && timeline != NULL)
        rc = spine_timeline_init(&run->timeline, TIMELINE_STEPS * spine_stepper_most_events(), err);
    if (rc == 0 && timeline != NULL && comm->rank == 0 &&
        (rc = spine_outfile_create(timeline, err)) == 0)
        spine_outfile_discard(timeline); /* written at the end; this only tried it */

    if (spine_comm_agree(comm, rc, err) || spine_resume_begin(&run->resume, err))
        return -1;
    run->position = run->resume.position;
    if (run->resume.start == SPINE_START_FINISHED)
        return 0;
    if (finish_rows(run, whole == NULL, err))
        return -1;
    rc = open_files(run, err);
    if (rc == 0 && comm->rank == 0)
        rc = spine_metrics_last_number(run->metrics_path, SPINE_METRIC_RL, &run->last_rl, err);
    spine_comm_broadcast(comm, &run->last_rl, sizeof run->last_rl);
    return spine_comm_agree(comm, rc, err);
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
    spine_resume_dispose(&run->resume);
    spine_timeline_dispose(&run->timeline);
    spine_idle_dispose(&run->idle);
    spine_measures_scratch_dispose(&run->scratch);
    spine_nnse_dispose(&run->nnse);
    spine_coder_dispose(&run->coder);
    spine_stepper_dispose(&run->stepper);
    spine_holdout_dispose(&run->holdout);
    spine_dataset_dispose(&run->data);
    return rc;
}

/* --- Training ----------------------------------------------------------------------------- */

/* The epoch's metrics, equal on all ranks. */
static void summarize(struct trainer *run, struct spine_metrics *metrics)
{
    const struct spine_position *position = &run->position;
    const struct spine_step_sums *sums = &position->sums;
    const double seconds = position->seconds;
    const struct spine_stepper *stepper = &run->stepper;
    const struct spine_loss_weights *weights = &stepper->settings.weights;
    const double rows = (double)run->data.part.num_rows, hidden = (double)run->config->hidden;
    double all[] = {sums->squares, sums->partial, sums->active, sums->penalty, position->waited};

    spine_comm_sum_doubles(run->comm, all, 5);
    const double penalty = all[3] / rows;
    *metrics = (struct spine_metrics){
        .epoch = position->epoch + 1,
        .rl = all[0] / (rows * (double)run->data.dim),
        .asl = run->config->objective == SPINE_OBJECTIVE_SPINE ? penalty : 0,
        .psl = all[1] / (rows * hidden),
        .learning_rate = stepper->optimizer.rate,
        .seconds = seconds,
        .words_per_second = rows / seconds,
        .comm_share = all[4] / (seconds * run->comm->size),
        .density = all[2] / (rows * hidden),
        .start_from = run->config->start_from[0] == '\0' ? NULL : run->config->start_from,
    };
    metrics->total =
        metrics->rl + (weights->asl + weights->l1) * penalty + weights->psl * metrics->psl;
    if (stepper->settings.prefixes.count > 0)
        metrics->total += penalty / (double)run->data.dim;
}

static void evaluate(struct trainer *run, struct spine_metrics *metrics)
{
    const struct spine_measures measures = spine_measures_compute(
        &run->stepper.params, &run->data, run->comm, &run->coder, &run->scratch);
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
}

/* --- Saving ------------------------------------------------------------------------------- */

/* Write a checkpoint of the current position. Collective. */
static int save(struct trainer *run, enum spine_checkpoint_mode mode, struct spine_error *err)
{
    const struct spine_position *position = &run->position;
    const struct spine_step_sums *sums = &position->sums;
    double all[] = {sums->squares, sums->partial, sums->active, sums->penalty, position->waited};

    if (check_rows(run, 0, err))
        return -1;
    spine_stepper_meet(&run->stepper);
    spine_comm_sum_doubles(run->comm, all, 5);
    const struct spine_progress progress = {.steps = (int64_t)run->stepper.optimizer.steps,
                                            .epoch = position->epoch,
                                            .step = (int64_t)position->step,
                                            .mode = run->stepper.mode,
                                            .squares = all[0],
                                            .partial = all[1],
                                            .active = all[2],
                                            .penalty = all[3],
                                            .waited = all[4],
                                            .seconds = position->seconds};
    int rc = 0;
    if (run->comm->rank == 0 && (spine_metrics_sync(run->metrics, run->metrics_path, err) ||
                                 spine_checkpoint_save(&run->writer, mode, &run->stepper.params,
                                                       &run->stepper.optimizer, &progress, err)))
        rc = -1;
    run->saved = spine_clock_now();
    return spine_comm_agree(run->comm, rc, err);
}

/* Set this rank's requests before a step. Only rank 0 watches the clock. */
static void set_requests(struct trainer *run)
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
    if (spine_interrupt_time_left(config->time_limit) <
        config->grace_seconds + 2 * run->writer.seconds)
        requests[SPINE_REQUEST_LEAVE] = true;
}

/* Stop as requested: with a checkpoint, or in a hurry without one if the last took too long. */
static int leave(struct trainer *run, struct spine_error *err)
{
    const struct spine_position *position = &run->position;
    double last = run->writer.seconds;
    spine_comm_broadcast(run->comm, &last, sizeof last);
    if (!run->stepper.requests[SPINE_REQUEST_LEAVE] && last > run->config->grace_seconds)
        return spine_leave(err,
                           "stopped in epoch %lld without saving: a checkpoint takes longer than "
                           "train.grace_seconds; run the same command again to resume",
                           (long long)position->epoch + 1);
    if (!run->stepper.requests[SPINE_REQUEST_LEAVE] &&
        spine_openmpi_kill_delay() < run->config->grace_seconds)
        spine_log(
            SPINE_LOG_INFO,
            "saving; if mpirun got the signal, it kills the ranks %g s after it, saved or not: "
            "send it USR1 instead, which it passes on",
            spine_openmpi_kill_delay());
    if (save(run, SPINE_CHECKPOINT_NOW, err))
        return -1;
    return spine_leave(err,
                       "saved %s after epoch %lld, step %zu; run the same command again to resume",
                       run->config->directory, (long long)position->epoch, position->step);
}

/* Conclude what was revived before, and revive the units that have been idle for long enough. */
static int revive(struct trainer *run, const struct spine_metrics *metrics, struct spine_error *err)
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
    if (check_rows(run, rc, err))
        return -1;
    if (revived > 0)
        spine_log(SPINE_LOG_INFO, "epoch %lld: reviving %zu units that were idle for %lld epochs",
                  done, revived, (long long)after);
    return 0;
}

/* Solve for the decoder at the end of training. */
static int refit(struct trainer *run, struct spine_error *err)
{
    struct spine_params *params = &run->stepper.params;
    struct spine_refit result;
    float *decoder = spine_kernel_alloc((params->hidden + 1) * params->stride, "a decoder", err);

    spine_stepper_meet(&run->stepper);
    int rc = spine_comm_agree(run->comm, decoder == NULL, err);
    if (rc == 0)
        rc = check_rows(
            run,
            spine_refit_solve(params, &run->data, run->comm, &run->coder, decoder, &result, err),
            err);
    spine_stepper_meet(&run->stepper);
    if (rc == 0 && decoder != NULL && run->parallel.grid.node.rank == 0) {
        memcpy(params->W2, decoder, params->hidden * params->stride * sizeof *decoder);
        memcpy(params->b2, decoder + params->hidden * params->stride,
               params->stride * sizeof *decoder);
    }
    spine_stepper_meet(&run->stepper);

    free(decoder);
    if (rc == 0)
        spine_log(SPINE_LOG_INFO,
                  "refitted the decoder, ridge %g: explained variance of rows left out %.4f, was "
                  "%.4f",
                  result.ridge, result.after, result.before);
    return rc;
}

/* The end of an epoch: metrics, and units revived. */
static int finish_epoch(struct trainer *run, struct spine_metrics *metrics, struct spine_error *err)
{
    const struct spine_config *config = run->config;
    const int64_t every = config->evaluate_every, done = run->position.epoch + 1;

    summarize(run, metrics);
    if (config->refit && done == config->epochs && refit(run, err))
        return -1;
    if (done == run->last_epoch || (every > 0 && done % every == 0))
        evaluate(run, metrics);
    if (check_rows(run, 0, err))
        return -1;
    int rc = 0;
    if (!isfinite(metrics->total) || !isfinite(metrics->eval_rl))
        rc = spine_fail(err,
                        "epoch %lld: the loss is not finite; a lower train.learning_rate than %g "
                        "may help",
                        (long long)done, run->stepper.settings.schedule.rate);
    else if (run->comm->rank == 0 &&
             (spine_metrics_write(run->metrics, run->metrics_path, metrics, err) ||
              spine_events_update(&run->events, err) || spine_checkpoint_poll(&run->writer, err)))
        rc = -1;
    spine_status_log(&run->status, metrics);
    if (spine_comm_agree(run->comm, rc, err))
        return -1;

    if (config->revive_after > 0 && done < config->epochs)
        return revive(run, metrics, err);
    return 0;
}

/* Save or leave where a request, the epoch's end or the run's end wants it. */
static int save_if_due(struct trainer *run, struct spine_error *err)
{
    const bool *requests = run->stepper.requests;
    const int64_t every = run->config->checkpoint_every, epoch = run->position.epoch;
    const bool between = run->position.step == 0; /* epochs */

    if (between && epoch == run->last_epoch)
        return save(run, SPINE_CHECKPOINT_NOW, err);
    if (requests[SPINE_REQUEST_LEAVE] || requests[SPINE_REQUEST_HURRY])
        return leave(run, err);
    if (requests[SPINE_REQUEST_SAVE] || (between && every > 0 && epoch % every == 0))
        return save(run, SPINE_CHECKPOINT_BEHIND, err);
    return 0;
}

/* The rest of the epoch that position is in. */
static int run_epoch(struct trainer *run, struct spine_metrics *metrics, struct spine_error *err)
{
    struct spine_stepper *stepper = &run->stepper;
    struct spine_position *position = &run->position;
    const size_t steps = spine_partition_steps(&run->data.part);
    const bool recorded = position->epoch + 1 == run->last_epoch && run->timeline.events != NULL;

    /* As if the seconds and waits before this run had been in it. */
    run->epoch_started = spine_clock_now() - position->seconds;
    run->epoch_waited = stepper->waited - position->waited;
    spine_partition_shuffle(&run->data.part, (uint32_t)position->epoch);
    while (position->step < steps) {
        stepper->recording = recorded && position->step < TIMELINE_STEPS ? &run->timeline : NULL;
        set_requests(run);
        if (spine_stepper_step(stepper, &run->data, position, err))
            return check_rows(run, -1, err);
        position->seconds = spine_clock_now() - run->epoch_started;
        position->waited = stepper->waited - run->epoch_waited;
        if (run->config->revive_after > 0)
            spine_idle_note(&run->idle, stepper->h_sum);
        spine_status_show(&run->status, position, metrics);
        if (position->step < steps && save_if_due(run, err))
            return -1;
    }

    if (finish_epoch(run, metrics, err))
        return -1;
    *position = (struct spine_position){.epoch = position->epoch + 1};
    return save_if_due(run, err);
}

/* --- Another objective: codes over a dictionary ------------------------------------------- */

/* Make the atoms of all ranks the node's parameters. */
static void publish_atoms(struct trainer *run)
{
    const struct spine_params *atoms = &run->nnse.atoms;

    spine_stepper_meet(&run->stepper);
    if (run->parallel.grid.node.rank == 0)
        memcpy(run->stepper.params.data, atoms->data, atoms->len * sizeof *atoms->data);
    spine_stepper_meet(&run->stepper);
}

static int begin_nnse(struct trainer *run, struct spine_error *err)
{
    const struct spine_config *config = run->config;
    struct spine_nnse *nnse = &run->nnse;
    const struct spine_nnse_settings settings = {
        config->l0, config->ridge, (enum spine_atoms)config->start, (uint64_t)config->seed};

    spine_stepper_meet(&run->stepper);
    const int rc = spine_nnse_init(nnse, &settings, &run->stepper.params, &run->data, run->comm,
                                   &run->coder, err);
    if (spine_comm_agree(run->comm, rc, err))
        return -1;
    if (run->resume.start == SPINE_START_RESUMED || config->start_from[0] != '\0')
        return 0;

    if (spine_nnse_begin(nnse, err))
        return -1;
    publish_atoms(run);
    return 0;
}

/* Requests of any rank become those of all. */
static void share_requests(struct trainer *run)
{
    int64_t counts[SPINE_REQUESTS];

    set_requests(run);
    for (size_t i = 0; i < SPINE_REQUESTS; i++)
        counts[i] = run->stepper.requests[i];
    spine_comm_sum_counts(run->comm, counts, SPINE_REQUESTS);
    for (size_t i = 0; i < SPINE_REQUESTS; i++)
        run->stepper.requests[i] = counts[i] > 0;
}

static int run_nnse_epoch(struct trainer *run, struct spine_metrics *metrics,
                          struct spine_error *err)
{
    struct spine_position *position = &run->position;
    const double started = spine_clock_now();
    struct spine_nnse_sums sums;

    if (spine_nnse_epoch(&run->nnse, position->epoch, &sums, err))
        return -1;
    publish_atoms(run);
    if (run->comm->rank == 0) {
        position->sums.squares = sums.squares;
        position->sums.active = sums.values;
    }
    position->seconds = spine_clock_now() - started;

    share_requests(run);
    if (finish_epoch(run, metrics, err))
        return -1;
    *position = (struct spine_position){.epoch = position->epoch + 1};
    return save_if_due(run, err);
}

/* Say it before the run stops by itself at once. */
static void warn_of_limit(const struct trainer *run)
{
    const struct spine_config *config = run->config;
    const double limit = 60 * config->time_limit;

    if (run->comm->rank == 0 && limit > 0 && limit <= config->grace_seconds)
        spine_log_warning("train.time_limit: %.3g s leaves no time to train: train.grace_seconds, "
                          "%.3g s, are kept for saving",
                          limit, config->grace_seconds);
}

/* The run on ranks that have a place in the grid. Collective over those. */
static int train(struct trainer *run, bool is_alone, const char *timeline, struct spine_error *err)
{
    const struct spine_config *config = run->config;
    const bool is_finished = run->resume.start == SPINE_START_FINISHED;
    struct spine_metrics metrics = {0};
    int rc = 0;

    if (is_alone && !is_finished && spine_preflight_log(run->comm, config->directory, err))
        return -1;
    if (!is_finished)
        warn_of_limit(run);
    spine_status_begin(&run->status);
    if (!is_finished && run->comm->size + run->parallel.num_idle > 1)
        spine_parallel_log(&run->parallel);
    run->saved = run->status.started;
    if (is_finished)
        return 0;

    if (run->resume.start == SPINE_START_RESUMED && strcmp(config->resume, "auto") != 0)
        rc = save(run, SPINE_CHECKPOINT_NOW, err); /* what it resumes from is another's */
    const bool is_nnse = config->objective == SPINE_OBJECTIVE_NNSE;
    if (rc == 0 && is_nnse)
        rc = begin_nnse(run, err);
    while (rc == 0 && run->position.epoch < run->last_epoch)
        rc = is_nnse ? run_nnse_epoch(run, &metrics, err) : run_epoch(run, &metrics, err);
    if (rc == 0)
        rc = spine_comm_agree(run->comm, spine_holdout_end(&run->holdout, &run->data, err), err);
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
    struct trainer run;
    int rc = init(&run, config, comm, whole, timeline, err);

    if (rc == 0 && !run.parallel.grid.is_idle)
        rc = train(&run, whole == NULL, timeline, err);
    rc = dispose(&run, rc, err);
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
    if (rc == 0 && diverged)
        rc = spine_fail(
            err,
            "%s: diverged: the explained variance is %.4g, so the mean of all rows would "
            "be a better reconstruction; a lower train.learning_rate%s may help",
            config->directory, explained,
            config->revive_after > 0 ? ", or train.revive_after = 0," : "");
    return spine_comm_agree(comm, rc, err);
}
