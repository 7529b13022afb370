/* epoch.c -- an epoch of a run. */
#include "spine/train/epoch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/clock.h"
#include "spine/base/log.h"
#include "spine/config/settings.h"
#include "spine/math/kernels.h"
#include "spine/train/pace.h"
#include "spine/train/refit.h"
#include "spine/train/requests.h"

/* How much the reconstruction loss may rise in an epoch after units were revived. */
static const double SPOILED = 1.05;

/* Of nnse: the seconds between two polls for requests, the rows of a rank before the first poll, how many
 * times more may follow, and of what their number is a multiple. */
static const double POLL_SECONDS = 1;
enum { FIRST_ROWS = 512, POLL_GROWTH = 16, BLOCK = SPINE_BLOCK_ROWS };

/* A refit that takes rank 0 so many seconds is announced. */
static const double LONG_REFIT = 2;

/* Before a refit and final measures of nnse that take so many seconds, the epoch's start is saved. */
static const double LONG_END = 10;

/* The epoch's metrics, equal on all ranks. */
static void summarize(struct spine_trainer *run, struct spine_metrics *metrics)
{
    const struct spine_position *position = &run->position;
    const struct spine_step_sums *sums = &position->sums;
    const double seconds = position->seconds;
    const struct spine_stepper *stepper = &run->stepper;
    const struct spine_loss_weights *weights = &stepper->settings.weights;
    const double rows = (double)run->data.part.num_rows, hidden = (double)run->config->hidden;
    double all[] = {sums->squares, sums->partial, sums->active,
                    sums->penalty, sums->silent,  position->waited};

    spine_comm_sum_doubles(run->comm, all, 6);
    const double penalty = all[3] / rows;
    *metrics = (struct spine_metrics){
        .epoch = position->epoch + 1,
        .rl = all[0] / (rows * (double)run->data.dim),
        .asl = run->config->objective == SPINE_OBJECTIVE_SPINE ? penalty : 0,
        .psl = all[1] / (rows * hidden),
        .learning_rate = stepper->optimizer.rate,
        .seconds = seconds,
        .words_per_second = rows / seconds,
        .comm_share = all[5] / (seconds * run->comm->size),
        .density = all[2] / (rows * hidden),
        .has_aux = stepper->settings.silence.k > 0,
        .aux = all[4] / rows,
        .start_from = run->config->start_from[0] == '\0' ? NULL : run->config->start_from,
    };
    metrics->total =
        metrics->rl + (weights->asl + weights->l1) * penalty + weights->psl * metrics->psl;
    if (stepper->settings.prefixes.count > 0)
        metrics->total += penalty / (double)run->data.dim;
    metrics->total += stepper->settings.silence.weight * metrics->aux;
}

/* --- Passes over all rows, between which requests are served ------------------------------- */

/* What is done with 'count' of this rank's rows, from its row 'first' on. */
struct pass {
    void (*add)(void *work, size_t first, size_t count);
    void *work;
    const char *span; /* on the timeline */
};

/* The next rows between two polls, from the time that the last ones took. */
static size_t next_rows(size_t rows, double seconds)
{
    const double wanted = (double)rows * POLL_SECONDS / (seconds + 1e-9);

    return (size_t)fmax(fmin(wanted, (double)rows * POLL_GROWTH) / BLOCK, 1) * BLOCK;
}

/* Pass over all of this rank's rows. In between, all ranks meet and serve requests, after equally many
 * rows each. 'metrics', of the epoch before, are for the status; NULL: it isn't shown. */
static int pass_rows(struct spine_trainer *run, const struct pass *pass,
                     const struct spine_metrics *metrics, struct spine_error *err)
{
    struct spine_position *position = &run->position;
    const size_t local = spine_partition_rows(&run->data.part);
    const size_t most = (size_t)spine_comm_max(run->comm, (int64_t)local);
    const size_t steps = spine_partition_steps(&run->data.part);
    struct spine_stepper *stepper = &run->stepper;
    size_t rows = FIRST_ROWS;

    for (size_t first = 0; first < most;) {
        const size_t left = first < local ? local - first : 0;
        const double begun = spine_comm_clock();
        pass->add(pass->work, first, left < rows ? left : rows);
        spine_stepper_end_span(stepper, pass->span, begun);
        first += rows;
        if (first >= most)
            break;

        const double done = spine_comm_clock();
        rows = next_rows(rows, done - begun);
        spine_comm_broadcast(run->comm, &rows, sizeof rows);
        if (spine_requests_poll(run, err))
            return -1;
        position->waited += spine_comm_clock() - done;
        spine_stepper_end_span(stepper, "wait", done);
        if (metrics == NULL)
            continue;
        position->step = first < steps ? first : steps; /* of a rank's rows */
        spine_status_show(&run->status, position, metrics);
    }
    position->step = 0;
    return 0;
}

/* May requests be served after the atoms of nnse's epoch have become the parameters? Only in the last, if its
 * start is saved: before, the epoch can be saved after a short end. */
static bool may_leave(const struct spine_trainer *run)
{
    const int64_t epoch = run->position.epoch;

    return run->config->objective == SPINE_OBJECTIVE_NNSE && epoch + 1 == run->last_epoch &&
           run->saved_epoch == epoch;
}

/* Pass over all rows at an epoch's end, in one go unless it may be left. */
static int pass_last(struct spine_trainer *run, const struct pass *pass, struct spine_error *err)
{
    if (may_leave(run))
        return pass_rows(run, pass, NULL, err);
    pass->add(pass->work, 0, spine_partition_rows(&run->data.part));
    return 0;
}

/* --- The end of an epoch ------------------------------------------------------------------- */

static void measure(void *work, size_t first, size_t count)
{
    struct spine_trainer *run = work;

    spine_measures_add(&run->stepper.params, &run->data, &run->coder, &run->scratch, first, count);
}

static int evaluate(struct spine_trainer *run, struct spine_metrics *metrics,
                    struct spine_error *err)
{
    spine_measures_begin(&run->scratch);
    if (pass_last(run, &(struct pass){measure, run, "measure"}, err))
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

/* Nothing is printed during a refit, which is long if units are many. */
static void announce_refit(const struct spine_params *params)
{
    const double seconds = spine_refit_seconds(params->hidden, params->dim);
    char duration[32];

    if (seconds < LONG_REFIT)
        return;
    spine_clock_duration(seconds, duration, sizeof duration);
    spine_log(SPINE_LOG_INFO, "refitting the decoder of %zu units, about %s", params->hidden,
              duration);
}

static void add_to_refit(void *work, size_t first, size_t count)
{
    spine_refit_add(work, first, count);
}

/* Find the refitted decoder. */
static int solve_refit(struct spine_trainer *run, struct spine_refit_problem *problem,
                       struct spine_error *err)
{
    bool is_done = false;

    if (pass_last(run, &(struct pass){add_to_refit, problem, "refit"}, err) ||
        spine_trainer_check_rows(run, 0, err))
        return -1;
    spine_refit_sum(problem);
    while (!is_done) {
        if (may_leave(run) && spine_requests_poll(run, err))
            return -1;
        if (spine_refit_solve(problem, &is_done, err))
            return -1;
    }
    return 0;
}

/* Copy the decoder to the node's parameters. */
static void publish_decoder(struct spine_trainer *run, const float *decoder)
{
    struct spine_params *params = &run->stepper.params;

    spine_stepper_meet(&run->stepper);
    if (run->parallel.grid.node.rank == 0) {
        memcpy(params->W2, decoder, params->hidden * params->stride * sizeof *decoder);
        memcpy(params->b2, decoder + params->hidden * params->stride,
               params->stride * sizeof *decoder);
    }
    spine_stepper_meet(&run->stepper);
}

static void report_refit(const struct spine_refit *refit)
{
    if (!refit->has_measured)
        spine_log(SPINE_LOG_INFO, "refitted the decoder, ridge %g: no rows to choose it by",
                  refit->ridge);
    else
        spine_log(SPINE_LOG_INFO,
                  "refitted the decoder, ridge %g: explained variance of rows left out %.4f, was "
                  "%.4f",
                  refit->ridge, refit->after, refit->before);
}

/* Refit the decoder at the end of training. */
static int refit(struct spine_trainer *run, struct spine_error *err)
{
    struct spine_params *params = &run->stepper.params;
    struct spine_refit_problem *problem = NULL;
    struct spine_refit result;
    float *decoder = spine_kernel_alloc((params->hidden + 1) * params->stride, "a decoder", err);

    announce_refit(params);
    spine_stepper_meet(&run->stepper);
    int rc = spine_comm_agree(run->comm, -(decoder == NULL), err);
    if (rc == 0)
        rc = spine_refit_begin(&problem, params, &run->data, run->comm, &run->coder, err);
    if (rc == 0)
        rc = solve_refit(run, problem, err);
    if (rc == 0 && decoder != NULL) {
        spine_refit_end(problem, decoder, &result);
        publish_decoder(run, decoder);
        report_refit(&result);
    }

    spine_refit_dispose(problem);
    free(decoder);
    return rc;
}

/* End an epoch: metrics, and reviving units. */
static int finish_epoch(struct spine_trainer *run, struct spine_metrics *metrics,
                        struct spine_error *err)
{
    const struct spine_config *config = run->config;
    const int64_t done = run->position.epoch + 1;

    summarize(run, metrics);
    if (spine_settings_refits(config, done) && refit(run, err))
        return -1;
    if (spine_settings_measures(config, done) && evaluate(run, metrics, err))
        return -1;
    if (spine_trainer_check_rows(run, 0, err))
        return -1;
    int rc = 0;
    const bool is_finite = isfinite(metrics->total) && isfinite(metrics->eval_rl);
    if (!is_finite && config->objective == SPINE_OBJECTIVE_NNSE)
        rc = spine_fail(err,
                        "epoch %lld: the loss is not finite; the input may have extreme values, "
                        "which data.clip limits",
                        (long long)done);
    else if (!is_finite)
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

/* Run the remaining steps of the epoch. */
static int run_steps(struct spine_trainer *run, struct spine_metrics *metrics,
                     struct spine_error *err)
{
    struct spine_stepper *stepper = &run->stepper;
    struct spine_position *position = &run->position;
    const size_t steps = spine_partition_steps(&run->data.part);
    const bool recorded = position->epoch + 1 == run->last_epoch && run->timeline.events != NULL;

    /* Include the seconds and waits of earlier sessions. */
    run->epoch_started = spine_clock_now() - position->seconds;
    run->epoch_waited = stepper->waited - position->waited;
    spine_partition_shuffle(&run->data.part, (uint32_t)position->epoch);
    while (position->step < steps) {
        stepper->recording =
            recorded && position->step < SPINE_TRAINER_TIMELINE_STEPS ? &run->timeline : NULL;
        spine_requests_set(run);
        if (spine_stepper_step(stepper, &run->data, position, err))
            return spine_trainer_check_rows(run, -1, err);
        position->seconds = spine_clock_now() - run->epoch_started;
        position->waited = stepper->waited - run->epoch_waited;
        if (run->config->revive_after > 0)
            spine_idle_note(&run->idle, stepper->h_sum);
        spine_status_show(&run->status, position, metrics);
        if (position->step < steps && spine_requests_serve(run, err))
            return -1;
    }

    spine_stepper_gather_params(stepper);
    if (finish_epoch(run, metrics, err))
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

    if (config->start_from[0] == '\0') {
        if (spine_nnse_begin(nnse, err))
            return -1;
        publish_atoms(run);
    }
    if (spine_settings_refits(config, 0))
        return refit(run, err);
    return 0;
}

static void solve(void *work, size_t first, size_t count)
{
    spine_nnse_add_rows(work, first, count);
}

/* The seconds of the end of an epoch, counted from 1, if solving for all rows takes so many. */
static double end_of(const struct spine_trainer *run, int64_t epoch, double seconds)
{
    return spine_pace_end(run->config, epoch, run->data.dim, run->nnse.kept != NULL, seconds);
}

/* Save the start of the last epoch, whose atoms aren't yet published, if its end takes long: then that may
 * be left. */
static int save_start(struct spine_trainer *run, double seconds, struct spine_error *err)
{
    double end = end_of(run, run->position.epoch + 1, seconds);

    spine_comm_broadcast(run->comm, &end, sizeof end);
    if (end < LONG_END || run->saved_epoch == run->position.epoch)
        return 0;
    return spine_requests_save(run, SPINE_CHECKPOINT_BEHIND, err);
}

static int run_nnse_epoch(struct spine_trainer *run, struct spine_metrics *metrics,
                          struct spine_error *err)
{
    struct spine_position *position = &run->position;
    const double started = spine_clock_now(), waited = run->nnse.waited;
    const bool is_last = position->epoch + 1 == run->last_epoch;
    struct spine_nnse_sums sums;

    run->stepper.recording = is_last && run->timeline.events != NULL ? &run->timeline : NULL;
    run->needed = position->waited = 0;
    spine_nnse_begin_epoch(&run->nnse);
    if (pass_rows(run, &(struct pass){solve, &run->nnse, "solve"}, metrics, err))
        return -1;
    const double solved = spine_comm_clock();
    if (spine_nnse_improve(&run->nnse, position->epoch, &sums, err))
        return -1;
    spine_stepper_end_span(&run->stepper, "sum, improve atoms", solved);
    const double improved = spine_comm_clock();
    if (spine_nnse_adjust(&run->nnse, &sums, err))
        return -1;
    spine_stepper_end_span(&run->stepper, "adjust lambda", improved);
    if (is_last && save_start(run, spine_clock_now() - started, err))
        return -1;
    publish_atoms(run);
    position->waited += run->nnse.waited - waited;
    if (run->comm->rank == 0) {
        position->sums.squares = sums.squares;
        position->sums.active = sums.values;
    }
    position->seconds = spine_clock_now() - started;
    if (!is_last) /* until the next epoch is saved */
        run->needed = position->seconds + end_of(run, position->epoch + 2, position->seconds);

    spine_requests_share(run);
    if (finish_epoch(run, metrics, err))
        return -1;
    *position = (struct spine_position){.epoch = position->epoch + 1};
    run->stepper.optimizer.steps = (uint64_t)position->epoch; /* names checkpoints */
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
