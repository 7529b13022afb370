/* sweep.c -- train the trials of a sweep: the work of spine-sweep.
 *
 * 1. Rank 0 of a group, its leader, has the ledger and decides; the others get jobs from it.
 * 2. Groups never wait for each other: they share only the ledger.
 * 3. A trial's results don't depend on the group: the rows are scaled by one rank (nodedata.h). */
#include "spine/sweep/sweep.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "spine/base/filefacts.h"
#include "spine/base/interrupt.h"
#include "spine/base/log.h"
#include "spine/base/printable.h"
#include "spine/config/settings.h"
#include "spine/eval/evaluate.h"
#include "spine/files/metrics.h"
#include "spine/files/rundir.h"
#include "spine/pages/report.h"
#include "spine/sweep/inputs.h"
#include "spine/sweep/ledger.h"
#include "spine/sweep/summary.h"
#include "spine/train/nodedata.h"
#include "spine/train/preflight.h"
#include "spine/train/train.h"

#ifdef _OPENMP
#include <omp.h>
#endif

struct group {
    const struct spine_trials *trials;
    struct spine_comm comm;
    struct spine_nodedata nodedata;
    const struct spine_dataset *whole; /* from nodedata.h; NULL: trials read their own input */
    struct spine_ledger ledger;        /* the leader's */
    struct spine_keptspace reference;  /* the leader's: the reference space */
};

/* --- Working ------------------------------------------------------------------------------ */

/* Log as the sweep: its leaders print everything. Trials print only warnings. */
static void log_as_sweep(const struct group *group)
{
    spine_log_init("spine-sweep", group->comm.rank, 1, SPINE_LOG_INFO);
}

static void log_as_trial(const struct group *group, char *name, size_t size, size_t trial)
{
    snprintf(name, size, "spine-sweep: trial %04zu", trial);
    spine_log_init(name, group->comm.rank, group->comm.size, SPINE_LOG_QUIET);
}

/* Set the options of a job: those of its trial, in the trial's directory, up to the job's rung. */
static int configure(const struct group *group, const struct spine_job *job,
                     struct spine_config *config, struct spine_error *err)
{
    char directory[SPINE_RUNDIR_PATH];
    const struct spine_halving *halving = &group->ledger.halving;

    if (spine_trials_config(group->trials, job->trial, config, err))
        return -1;
    if (job->rung + 1 < halving->num_rungs)
        config->stop_after = halving->epochs[job->rung];
    if (spine_ledger_trial_path(&group->ledger, job->trial, directory, err))
        return -1;
    if (strlen(directory) >= sizeof config->directory)
        return spine_refuse(err, "sweep.directory: %.60s...: the path is too long", directory);
    strcpy(config->directory, directory);

    return 0;
}

/* Log the result of a job, and how many trials have results. */
static void announce(const struct group *group, const struct spine_job *job,
                     const struct spine_config *config, double seconds)
{
    const struct spine_ledger *ledger = &group->ledger;
    const struct spine_contender *contender = &ledger->contenders[job->trial];
    const struct spine_account *account = &ledger->accounts[job->trial];
    const size_t objective = group->trials->goal.objective, count = group->trials->count;
    size_t done = 0;

    for (size_t i = 0; i < count; i++)
        done += ledger->contenders[i].done > 0;
    if (account->reason != NULL)
        spine_log(SPINE_LOG_INFO, "trial %04zu failed: %s", job->trial, account->reason);
    else if (account->not_evaluated != NULL)
        spine_log(SPINE_LOG_INFO, "trial %04zu is trained, but could not be evaluated: %s",
                  job->trial, account->not_evaluated);
    else
        spine_log(SPINE_LOG_INFO,
                  "trial %04zu%s  %lld epochs  %s %.5g  %.1f s  (%zu of %zu trials)", job->trial,
                  account->diverged ? " diverged" : "",
                  (long long)spine_settings_last_epoch(config), spine_goal_name(objective),
                  contender->scores[job->rung].value[objective], seconds, done, count);
}

/* Measure how readable a trial's codes are, as spine-eval does without options. */
static int evaluate(struct group *group, const struct spine_config *config,
                    struct spine_scores *scores, struct spine_error *err)
{
    const char *path = config->directory;
    const struct spine_evaluate_options options = {.files = {&path, 1},
                                                   .space = config->input,
                                                   .kept = &group->reference,
                                                   .top = SPINE_EVALUATE_TOP,
                                                   .draws = SPINE_EVALUATE_DRAWS,
                                                   .seed = SPINE_EVALUATE_SEED};
    struct spine_evaluation *evaluations = NULL;
    size_t count;

#ifdef _OPENMP
    omp_set_num_threads(1); /* other groups use the other cores */
#endif
    const int rc = spine_evaluate(&options, &evaluations, &count, err);

    for (size_t i = SPINE_GOAL_METRICS; rc == 0 && i < SPINE_GOAL_SCORES; i++) {
        const struct spine_figure *figure =
            spine_figures_find(&evaluations->figures, "interpretability", spine_goal_figure(i));
        if (figure != NULL)
            scores->value[i] = figure->estimate.value;
    }

    spine_evaluate_dispose(evaluations, count);
    return rc;
}

/* Find all scores of a job's trial, which is trained. */
static int measure(struct group *group, const struct spine_job *job,
                   const struct spine_config *config, struct spine_scores *scores, bool *diverged,
                   struct spine_error *err)
{
    const int64_t trained = spine_settings_last_epoch(config);
    double explained;
    int64_t epoch = 0;

    if (spine_ledger_progress(&group->ledger, job->trial, scores, &epoch, err))
        return -1;
    if (epoch != trained)
        return spine_fail(err, "%s/metrics.jsonl: ends with epoch %lld, expected %lld",
                          config->directory, (long long)epoch, (long long)trained);
    if (spine_metrics_diverged(config->directory, diverged, &explained, err))
        return -1;
    *diverged = *diverged && trained == config->epochs;
    return evaluate(group, config, scores, err);
}

/* Record the result of a training, and release the trial. Seven parameters: everything known about
 * it, from one caller. */
static int record_result(struct group *group, const struct spine_job *job,
                         const struct spine_config *config, int trained, double started,
                         const struct spine_error *reason, struct spine_error *err)
{
    struct spine_ledger *ledger = &group->ledger;
    struct spine_scores scores;
    struct spine_error why;
    bool diverged = false;
    const bool paused = trained != 0 && reason->status == SPINE_EXIT_AGAIN;
    int rc;

    if (paused)
        rc = spine_ledger_pause(ledger, job, err);
    else if (trained != 0)
        rc = spine_ledger_fail(ledger, job, reason->text, err);
    else if (measure(group, job, config, &scores, &diverged, &why) != 0)
        rc = spine_ledger_defer(ledger, job, why.text, err);
    else
        rc = spine_ledger_record(ledger, job, &scores, diverged, spine_comm_clock() - started, err);
    spine_ledger_release(ledger);
    if (rc == 0 && !paused)
        announce(group, job, config, spine_comm_clock() - started);
    return rc;
}

/* Train a job that the leader has claimed. *failed is whether the trial failed. */
static int do_job(struct group *group, const struct spine_job *job, int *failed,
                  struct spine_error *reason, struct spine_error *err)
{
    struct spine_config config;
    char name[40];
    const double started = spine_comm_clock();
    int trained = configure(group, job, &config, reason);

    log_as_trial(group, name, sizeof name, job->trial);
    trained = spine_comm_agree(&group->comm, trained, reason);
    if (trained == 0)
        trained = spine_train(&config, &group->comm, group->whole, NULL, reason);
    log_as_sweep(group);
    *failed = trained != 0;
    const int rc = group->comm.rank == 0
                       ? record_result(group, job, &config, trained, started, reason, err)
                       : 0;
    if (spine_comm_agree(&group->comm, rc, err))
        return -1;
    if (trained != 0 && reason->status == SPINE_EXIT_AGAIN)
        return spine_leave(err,
                           "stopped with all trials saved; run the same command again to resume");

    return 0;
}

/* Claim the next job on the leader; wait while it depends on the jobs of others. */
static int find_job(struct group *group, struct spine_job *job, struct spine_error *err)
{
    for (long wait = 50;; wait = wait < 1600 ? 2 * wait : wait) { /* milliseconds */
        const struct timespec moment = {wait / 1000, wait % 1000 * 1000000};
        if (spine_ledger_claim(&group->ledger, job, err))
            return -1;
        if (job->verdict != SPINE_HALVING_WAIT)
            return 0;
        if (spine_interrupt_leave() || spine_interrupt_hurry())
            return spine_leave(err,
                               "stopped while other processes were training; run the same command "
                               "again to resume");
        nanosleep(&moment, NULL);
    }
}

static int work(struct group *group, struct spine_error *err)
{
    for (;;) {
        struct spine_job job = {.verdict = SPINE_HALVING_OVER};
        struct spine_error reason;
        int failed;
        const int rc = group->comm.rank == 0 ? find_job(group, &job, err) : 0;
        if (spine_comm_agree(&group->comm, rc, err))
            return -1;
        spine_comm_broadcast(&group->comm, &job, sizeof job);
        if (job.verdict != SPINE_HALVING_TRAIN)
            return 0;
        if (do_job(group, &job, &failed, &reason, err))
            return -1;
    }
}

/* --- Setting up --------------------------------------------------------------------------- */

/* Can all trials share one scaled input? */
static bool shares_input(const struct spine_trials *trials)
{
    if (trials->base.holdout > 0)
        return false; /* each trial replaces different rows */

    for (size_t i = 0; i < trials->num_parameters; i++) {
        const char *name = trials->parameters[i].name;
        if (strncmp(name, "data.", strlen("data.")) == 0 || strcmp(name, "train.start_from") == 0)
            return false;
    }
    return true;
}

/* Collective over 'world', whose ranks of the same colour become a group. */
static int init(struct group *group, const struct spine_trials *trials, struct spine_comm *world,
                int color, struct spine_error *err)
{
    const struct spine_config *base = &trials->base;

    *group = (struct group){.trials = trials};
    int rc = spine_ledger_init(&group->ledger, trials, err);
    if (spine_comm_agree(world, rc, err))
        return -1;

    if (shares_input(trials)) { /* first, so that nothing is created without input */
        bool is_extreme = false;
        if (spine_inputs_inspect(base, world, &is_extreme, err) ||
            spine_nodedata_init(&group->nodedata, world, base, err))
            return -1;
        group->nodedata.whole.is_extreme = is_extreme;
        group->whole = &group->nodedata.whole;
    } else if ((trials->inputs.count == 0 && spine_inputs_check(base->input, world, err)) ||
               spine_inputs_check_start(trials, world, err))
        return -1;

    rc = world->rank == 0 ? spine_ledger_open(&group->ledger, err) : 0;
    if (spine_comm_agree(world, rc, err))
        return -1;
    spine_comm_split(world, color, &group->comm);

    return 0;
}

static void dispose(struct group *group)
{
    spine_ledger_dispose(&group->ledger);
    spine_keptspace_dispose(&group->reference);
    spine_nodedata_dispose(&group->nodedata);
    spine_comm_dispose(&group->comm);
}

/* Fail if trials have failed, or could not be evaluated. */
static int refuse_rest(const struct spine_summary *summary, struct spine_error *err)
{
    const size_t count = summary->ledger->trials->count;
    const size_t failed = summary->count[SPINE_TRIAL_FAILED];
    const size_t not_evaluated = summary->count[SPINE_TRIAL_NOT_EVALUATED];

    if (failed > 0)
        return spine_fail(err,
                          "%zu of %zu trials failed; retry them with 'spine-sweep run --retry'",
                          failed, count);
    if (not_evaluated > 0)
        return spine_fail(err,
                          "%zu of %zu trials could not be evaluated; run the same command again "
                          "to evaluate them",
                          not_evaluated, count);
    return 0;
}

/* Write the summary when no job is left. */
static int write_summary(struct group *group, struct spine_error *err)
{
    struct spine_summary summary;

    if (spine_ledger_read(&group->ledger, err) || spine_summary_init(&summary, &group->ledger, err))
        return -1;
    int rc = spine_summary_write(&summary, err);
    if (rc == 0) {
        spine_summary_print_short(&summary, stderr);
        rc = refuse_rest(&summary, err);
    }
    spine_summary_dispose(&summary);
    return rc;
}

/* Fails on all ranks if trials have failed. */
static int conclude(struct group *group, const struct spine_comm *world, struct spine_error *err)
{
    int rc = world->rank == 0 ? write_summary(group, err) : 0;
    spine_comm_broadcast(world, &rc, sizeof rc);
    if (rc != 0)
        spine_comm_broadcast(world, err, sizeof *err);
    return rc;
}

int spine_sweep_run(const struct spine_trials *trials, struct spine_comm *world,
                    enum spine_sweep_failed failed, struct spine_error *err)
{
    struct group group;
    const int ranks = (int)trials->ranks_per_trial, groups = world->size / ranks;
    if (groups == 0)
        return spine_refuse(err, "sweep.ranks_per_trial: is %d, but there are %d ranks", ranks,
                            world->size);

    const int color = world->rank / ranks, idle = world->size - groups * ranks;
    if (!shares_input(trials) && spine_inputs_inspect_all(trials, world, err))
        return -1;

    int rc = init(&group, trials, world, color, err);
    if (rc == 0 && world->rank == 0 && failed == SPINE_SWEEP_RETRY_FAILED)
        rc = spine_ledger_retry(&group.ledger, err);
    rc = spine_comm_agree(world, rc, err);
    if (rc == 0)
        rc = spine_preflight_log(world, trials->directory, err);

    if (rc == 0) {
        spine_log(SPINE_LOG_INFO, "%zu trials, %d group%s of %d rank%s", trials->count, groups,
                  groups == 1 ? "" : "s", ranks, ranks == 1 ? "" : "s");
        if (idle > 0 && world->rank == 0)
            spine_log_warning("%d of %d ranks are idle: too few for a group of "
                              "sweep.ranks_per_trial = %d",
                              idle, world->size, ranks);
        log_as_sweep(&group);
        if (color < groups)
            rc = work(&group, err);
        rc = spine_comm_agree(world, rc, err);
        if (rc == 0)
            rc = conclude(&group, world, err);
    }

    dispose(&group);

    return rc;
}

int spine_sweep_trial(const struct spine_trials *trials, struct spine_comm *world, size_t i,
                      struct spine_error *err)
{
    struct group group;
    struct spine_job job = {.verdict = SPINE_HALVING_OVER};
    struct spine_error reason;
    int failed = 0;

    if (trials->method == SPINE_ASHA)
        return spine_refuse(err, "method = asha chooses the next trial itself; in an array, "
                                 "let each task run 'spine-sweep run'");
    if (i >= trials->count)
        return spine_refuse(err, "trial %zu: expected a number below %zu", i, trials->count);
    int rc = init(&group, trials, world, 0, err);
    if (rc == 0) {
        log_as_sweep(&group);
        rc = world->rank == 0 ? spine_ledger_claim_trial(&group.ledger, i, &job, err) : 0;
        rc = spine_comm_agree(world, rc, err);
    }

    if (rc == 0) {
        spine_comm_broadcast(world, &job, sizeof job);
        if (job.verdict == SPINE_HALVING_TRAIN)
            rc = do_job(&group, &job, &failed, &reason, err);
        else
            spine_log(SPINE_LOG_INFO, "trial %04zu is done", i);
    }
    if (rc == 0) { /* only the leader knows whether it could be evaluated */
        const char *why = group.ledger.accounts[i].not_evaluated;
        rc = why == NULL ? 0 : spine_fail(err, "trial %zu could not be evaluated: %s", i, why);
        rc = spine_comm_agree(world, rc, err);
    }
    if (rc == 0 && failed) {
        *err = reason;
        rc = -1;
    }

    dispose(&group);

    return rc;
}

/* --- Status and summary ------------------------------------------------------------------- */

/* Open the ledger of a sweep that exists. */
static int open_ledger(struct spine_ledger *ledger, struct spine_summary *summary,
                       const struct spine_trials *trials, struct spine_error *err)
{
    if (spine_ledger_init(ledger, trials, err))
        return -1;
    int rc = 0;
    if (spine_ledger_find(ledger, err) || spine_ledger_read(ledger, err) ||
        spine_summary_init(summary, ledger, err))
        rc = -1;
    if (rc != 0)
        spine_ledger_dispose(ledger);
    return rc;
}

/* Print a line about a trial that is being trained, or was interrupted. */
static int print_progress(const struct spine_ledger *ledger, size_t trial, const char *state,
                          FILE *out, struct spine_error *err)
{
    struct spine_scores scores;
    int64_t epoch = 0, goal = 0;

    if (spine_ledger_progress(ledger, trial, &scores, &epoch, err) ||
        spine_ledger_epochs(ledger, trial, ledger->contenders[trial].done, &goal, err))
        return -1;
    fprintf(out, "trial %04zu  %s  epoch %lld of %lld", trial, state, (long long)epoch,
            (long long)goal);
    if (epoch > 0)
        fprintf(out, "  total loss %.5f", scores.value[SPINE_GOAL_TOTAL]);
    fputc('\n', out);

    return 0;
}

static void print_reason(size_t trial, const char *state, const char *reason, FILE *out)
{
    fprintf(out, "trial %04zu  %s: ", trial, state);
    spine_printable_print(out, reason);
    fputc('\n', out);
}

int spine_sweep_status(const struct spine_trials *trials, FILE *out, struct spine_error *err)
{
    struct spine_ledger ledger;
    struct spine_summary summary;

    if (open_ledger(&ledger, &summary, trials, err))
        return -1;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < trials->count; i++) {
        const enum spine_trial_state state = spine_summary_state(&summary, i);
        if (state == SPINE_TRIAL_FAILED)
            print_reason(i, "failed", ledger.accounts[i].reason, out);
        else if (state == SPINE_TRIAL_NOT_EVALUATED)
            print_reason(i, "not evaluated", ledger.accounts[i].not_evaluated, out);
        else if (state == SPINE_TRIAL_RUNNING || state == SPINE_TRIAL_BEGUN)
            rc = print_progress(&ledger, i, spine_summary_state_name(state), out, err);
    }

    if (rc == 0)
        spine_summary_print_short(&summary, out);

    spine_summary_dispose(&summary);
    spine_ledger_dispose(&ledger);
    return rc;
}

int spine_sweep_summary(const struct spine_trials *trials, FILE *out, struct spine_error *err)
{
    struct spine_ledger ledger;
    struct spine_summary summary;
    if (open_ledger(&ledger, &summary, trials, err))
        return -1;
    const int rc = spine_summary_write(&summary, err);
    if (rc == 0)
        spine_summary_print(&summary, out);
    spine_summary_dispose(&summary);
    spine_ledger_dispose(&ledger);
    return rc;
}

/* Write a trial's page, unless there is one newer than its model. */
static int write_report(const struct spine_ledger *ledger, size_t trial, struct spine_error *err)
{
    char directory[SPINE_RUNDIR_PATH], page[SPINE_RUNDIR_PATH], model[SPINE_RUNDIR_PATH];
    struct stat of_page, of_model;
    if (spine_ledger_trial_path(ledger, trial, directory, err) ||
        spine_rundir_join(page, directory, SPINE_REPORT_NAME, err) ||
        spine_rundir_model(model, directory, err))
        return -1;
    if (stat(page, &of_page) == 0 && stat(model, &of_model) == 0 &&
        spine_filefacts_is_newer(&of_page, &of_model))
        return 0;

    const struct spine_report report = {.runs = {directory},
                                        .num_runs = 1,
                                        .options = {.words = SPINE_RUNDATA_FIT,
                                                    .dimensions = SPINE_RUNDATA_FIT,
                                                    .rows = SPINE_RUNDATA_FIT,
                                                    .bytes = SPINE_REPORT_BYTES}};
    return spine_report_write(&report, page, err);
}

int spine_sweep_report(const struct spine_trials *trials, struct spine_error *err)
{
    struct spine_ledger ledger;
    struct spine_summary summary;
    if (open_ledger(&ledger, &summary, trials, err))
        return -1;

    size_t failed = 0;
    for (size_t i = 0; i < trials->count; i++)
        if (spine_summary_state(&summary, i) == SPINE_TRIAL_FINISHED &&
            write_report(&ledger, i, err)) {
            spine_log_warning("trial %zu: %s", i, err->text);
            failed++;
        }
    int rc = spine_summary_write(&summary, err);
    if (rc == 0 && failed > 0)
        rc = spine_fail(err, "the pages of %zu trials couldn't be written", failed);

    spine_summary_dispose(&summary);
    spine_ledger_dispose(&ledger);
    return rc;
}
