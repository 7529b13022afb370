/* ledger.c -- the directory of a sweep. */
#include "spine/sweep/ledger.h"

#include <cJSON.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spine/base/lock.h"
#include "spine/base/memory.h"
#include "spine/base/outfile.h"
#include "spine/base/textfile.h"
#include "spine/files/metrics.h"

int spine_ledger_init(struct spine_ledger *ledger, const struct spine_trials *trials,
                      struct spine_error *err)
{
    *ledger = (struct spine_ledger){.trials = trials, .claim = -1};
    const int64_t all = trials->base.epochs;
    spine_halving_init(&ledger->halving, &trials->goal,
                       trials->method == SPINE_ASHA ? trials->min_epochs : all, trials->reduction,
                       all);
    const size_t rungs = ledger->halving.num_rungs;
    ledger->contenders =
        spine_memory_zeroed(trials->count, sizeof *ledger->contenders, "the trials", err);
    ledger->scores = spine_memory_zeroed(trials->count * rungs, sizeof *ledger->scores,
                                         "the trials' scores", err);
    ledger->accounts =
        spine_memory_zeroed(trials->count, sizeof *ledger->accounts, "the trials", err);
    if (ledger->contenders == NULL || ledger->scores == NULL || ledger->accounts == NULL) {
        spine_ledger_dispose(ledger);
        return -1;
    }

    for (size_t i = 0; i < trials->count; i++)
        ledger->contenders[i].scores = ledger->scores + i * rungs;

    return 0;
}

void spine_ledger_dispose(struct spine_ledger *ledger)
{
    if (ledger->trials == NULL)
        return;
    spine_ledger_release(ledger);
    for (size_t i = 0; ledger->accounts != NULL && i < ledger->trials->count; i++)
        free(ledger->accounts[i].reason);
    free(ledger->accounts);
    free(ledger->scores);
    free(ledger->contenders);
    *ledger = (struct spine_ledger){.claim = -1};
}

/* --- Paths -------------------------------------------------------------------------------- */

int spine_ledger_path(const struct spine_ledger *ledger, const char *name, char *path,
                      struct spine_error *err)
{
    return spine_rundir_join(path, ledger->trials->directory, name, err);
}

int spine_ledger_trial_path(const struct spine_ledger *ledger, size_t trial, char *path,
                            struct spine_error *err)
{
    char name[40];
    snprintf(name, sizeof name, "trials/%04zu", trial);
    return spine_ledger_path(ledger, name, path, err);
}

/* A file in a trial's directory. */
static int trial_file(const struct spine_ledger *ledger, size_t trial, const char *name, char *path,
                      struct spine_error *err)
{
    char directory[SPINE_RUNDIR_PATH];
    if (spine_ledger_trial_path(ledger, trial, directory, err) ||
        spine_rundir_join(path, directory, name, err))
        return -1;
    return 0;
}

/* --- A trial's file ----------------------------------------------------------------------- */

static void read_scores(const cJSON *object, struct spine_scores *scores)
{
    *scores = spine_goal_unknown();
    for (size_t s = 0; s < SPINE_GOAL_SCORES; s++) {
        const cJSON *number = cJSON_GetObjectItemCaseSensitive(object, spine_goal_name(s));
        if (cJSON_IsNumber(number))
            scores->value[s] = number->valuedouble;
    }
}

/* The rungs that are done, and their scores. */
static void read_rungs(struct spine_ledger *ledger, size_t trial, const cJSON *rungs)
{
    struct spine_contender *contender = &ledger->contenders[trial];
    contender->done = 0;
    const cJSON *rung;
    cJSON_ArrayForEach(rung, rungs)
    {
        if (contender->done == ledger->halving.num_rungs)
            break;
        read_scores(cJSON_GetObjectItemCaseSensitive(rung, "scores"),
                    &contender->scores[contender->done]);
        contender->done++;
    }
}

/* A count; 0 if it is missing, negative, or too large. */
static double read_number(const cJSON *object, const char *name)
{
    const cJSON *number = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNumber(number) && number->valuedouble >= 0 && number->valuedouble <= INT_MAX
               ? number->valuedouble
               : 0;
}

/* All of a file, which the caller frees; NULL if there is none. */
static int read_file(const char *path, char **text, struct spine_error *err)
{
    enum { MOST = 1 << 20 };

    *text = NULL;
    if (access(path, F_OK) != 0)
        return 0;
    return spine_textfile_read(path, "a file of a sweep", MOST, text, NULL, err);
}

/* Without a valid file, the trial has not begun. Whether it is claimed is tested first: a worker
 * writes the file before it releases its claim. */
static int read_trial(struct spine_ledger *ledger, size_t trial, struct spine_error *err)
{
    char path[SPINE_RUNDIR_PATH], claim[SPINE_RUNDIR_PATH];
    struct spine_contender *contender = &ledger->contenders[trial];
    struct spine_account *account = &ledger->accounts[trial];
    const size_t rungs = ledger->halving.num_rungs;

    if (trial_file(ledger, trial, "trial.json", path, err) ||
        trial_file(ledger, trial, ".claim", claim, err))
        return -1;
    const int busy = spine_lock_is_held(claim);
    char *text = NULL;
    if (read_file(path, &text, err))
        return -1;

    cJSON *json = text == NULL ? NULL : cJSON_Parse(text);
    const cJSON *reason = cJSON_GetObjectItemCaseSensitive(json, "failed");
    read_rungs(ledger, trial, cJSON_GetObjectItemCaseSensitive(json, "rungs"));
    contender->sent = contender->done;
    if (contender->done < rungs && (size_t)read_number(json, "sent") > contender->done)
        contender->sent++;
    account->seconds = read_number(json, "seconds");
    account->epoch = (int64_t)read_number(json, "epoch");
    account->claims = (int)read_number(json, "claims");
    free(account->reason);
    account->reason = NULL;
    int rc = 0;
    if (cJSON_IsString(reason) &&
        (account->reason = spine_memory_copy(reason->valuestring, "a reason", err)) == NULL)
        rc = -1;
    cJSON_Delete(json);
    free(text);
    if (rc != 0)
        return -1;

    contender->state = account->reason != NULL           ? SPINE_CONTENDER_FAILED
                       : busy && contender->done < rungs ? SPINE_CONTENDER_BUSY
                                                         : SPINE_CONTENDER_FREE;

    return 0;
}

static cJSON *make_json(const struct spine_ledger *ledger, size_t trial)
{
    const struct spine_contender *contender = &ledger->contenders[trial];
    const struct spine_account *account = &ledger->accounts[trial];
    cJSON *json = cJSON_CreateObject();
    cJSON *rungs = cJSON_AddArrayToObject(json, "rungs");

    for (size_t r = 0; r < contender->done; r++) {
        cJSON *rung = cJSON_CreateObject();
        cJSON *scores = cJSON_AddObjectToObject(rung, "scores");
        for (size_t s = 0; s < SPINE_GOAL_SCORES; s++)
            if (!isnan(contender->scores[r].value[s]))
                cJSON_AddNumberToObject(scores, spine_goal_name(s), contender->scores[r].value[s]);
        cJSON_AddItemToArray(rungs, rung);
    }

    cJSON_AddNumberToObject(json, "sent", (double)contender->sent);
    cJSON_AddNumberToObject(json, "seconds", account->seconds);
    cJSON_AddNumberToObject(json, "epoch", (double)account->epoch);
    cJSON_AddNumberToObject(json, "claims", account->claims);
    if (account->reason != NULL)
        cJSON_AddStringToObject(json, "failed", account->reason);

    return json;
}

/* Write text to a file that appears whole. */
static int write_text(const char *path, const char *text, struct spine_error *err)
{
    FILE *file = spine_outfile_create_text(path, err);
    if (file == NULL)
        return -1;
    fputs(text, file);
    return spine_outfile_finish_text(file, path, err);
}

static int write_trial(const struct spine_ledger *ledger, size_t trial, struct spine_error *err)
{
    char path[SPINE_RUNDIR_PATH];
    cJSON *json = make_json(ledger, trial);
    char *text = cJSON_Print(json);
    int rc = trial_file(ledger, trial, "trial.json", path, err);
    if (rc == 0 && text == NULL)
        rc = spine_memory_fail("a trial's record", err);
    if (rc == 0)
        rc = write_text(path, text, err);
    cJSON_free(text);
    cJSON_Delete(json);
    return rc;
}

/* --- The sweep's directory ---------------------------------------------------------------- */

int spine_ledger_lock(const struct spine_ledger *ledger, int *lock, struct spine_error *err)
{
    char path[SPINE_RUNDIR_PATH];

    if (spine_ledger_path(ledger, ".lock", path, err))
        return -1;
    *lock = spine_lock_open(path);
    if (*lock < 0)
        return spine_refuse(err, "sweep.directory: %s: %s", path, strerror(errno));
    if (spine_lock_take(*lock, SPINE_LOCK_WAIT) == SPINE_LOCK_TAKEN)
        return 0;
    spine_refuse(
        err,
        "sweep.directory: %s: can't be locked (%s); locks keep two processes from training "
        "one trial; use another file system",
        path, strerror(errno));

    spine_lock_release(*lock);
    return -1;
}

/* Refuse a sweep whose trials aren't ours. */
static int compare_sweeps(const struct spine_ledger *ledger, const char *path, const char *text,
                          struct spine_error *err)
{
    struct spine_config base;
    struct spine_inifile_lines lines = {0};
    struct spine_trials other = {0};
    char differences[768];

    spine_config_init(&base);
    int rc = 0;

    if (spine_inifile_parse(&base, &lines, text, path, err) ||
        spine_trials_init(&other, &base, &lines, err))
        rc = -1;

    spine_inifile_lines_dispose(&lines);

    if (rc != 0) {
        const struct spine_error inner = *err;
        spine_refuse(err, "sweep.directory: %s holds a sweep that can't be read: %.600s",
                     ledger->trials->directory, inner.text);
    }

    char *was = rc != 0 ? NULL : spine_trials_identity(&other);
    char *is = rc != 0 ? NULL : spine_trials_identity(ledger->trials);
    if (rc == 0 && (was == NULL || is == NULL))
        rc = spine_memory_fail("the sweep's text", err);
    if (rc == 0 && (spine_config_differ(was, is, differences, sizeof differences) > 0 ||
                    spine_config_differ(is, was, differences, sizeof differences) > 0)) {
        spine_config_differ(was, is, differences, sizeof differences);
        rc = spine_refuse(err,
                          "sweep.directory: %s belongs to another sweep: %s; use another directory",
                          ledger->trials->directory, differences);
    }

    if (rc == 0 && other.count > ledger->trials->count)
        rc = spine_refuse(err, "sweep.trials: is %zu, but %s has a sweep of %zu",
                          ledger->trials->count, ledger->trials->directory, other.count);

    free(was);
    free(is);
    spine_trials_dispose(&other);
    return rc;
}

void spine_ledger_unlock(int lock)
{
    spine_lock_release(lock);
}

int spine_ledger_open(struct spine_ledger *ledger, struct spine_error *err)
{
    char path[SPINE_RUNDIR_PATH], trials[SPINE_RUNDIR_PATH];
    int lock = -1;

    if (spine_ledger_path(ledger, "trials", trials, err) ||
        spine_ledger_path(ledger, "sweep.ini", path, err) ||
        spine_rundir_make("sweep.directory", trials, err) || spine_ledger_lock(ledger, &lock, err))
        return -1;
    char *text = spine_trials_text(ledger->trials), *before = NULL;
    int rc = 0;

    if (text == NULL)
        rc = spine_memory_fail("the sweep's text", err);
    else
        rc = read_file(path, &before, err);
    if (rc == 0 && (before == NULL || strcmp(text, before) != 0))
        rc = before == NULL ? 0 : compare_sweeps(ledger, path, before, err);
    if (rc == 0 && (before == NULL || strcmp(text, before) != 0))
        rc = write_text(path, text, err);

    free(before);
    free(text);
    spine_lock_release(lock);
    return rc;
}

int spine_ledger_find(const struct spine_ledger *ledger, struct spine_error *err)
{
    char path[SPINE_RUNDIR_PATH];
    if (spine_ledger_path(ledger, "sweep.ini", path, err))
        return -1;
    char *text = NULL;
    if (read_file(path, &text, err))
        return -1;
    if (text == NULL)
        return spine_refuse(err, "%s: holds no sweep; start one with 'spine-sweep run'",
                            ledger->trials->directory);

    const int rc = compare_sweeps(ledger, path, text, err);
    free(text);
    return rc;
}

int spine_ledger_read(struct spine_ledger *ledger, struct spine_error *err)
{
    for (size_t i = 0; i < ledger->trials->count; i++)
        if (ledger->contenders[i].done < ledger->halving.num_rungs && read_trial(ledger, i, err))
            return -1;
    return 0;
}

int spine_ledger_retry(struct spine_ledger *ledger, struct spine_error *err)
{
    int lock = -1;

    if (spine_ledger_lock(ledger, &lock, err))
        return -1;
    int rc = spine_ledger_read(ledger, err);
    for (size_t i = 0; rc == 0 && i < ledger->trials->count; i++)
        if (ledger->contenders[i].state == SPINE_CONTENDER_FAILED) {
            free(ledger->accounts[i].reason);
            ledger->accounts[i].reason = NULL;
            rc = write_trial(ledger, i, err);
        }

    spine_lock_release(lock);
    return rc;
}

/* --- Claiming ----------------------------------------------------------------------------- */

/* Claim the job's trial; the caller holds the sweep's lock. */
static int claim_job(struct spine_ledger *ledger, const struct spine_job *job,
                     struct spine_error *err)
{
    char directory[SPINE_RUNDIR_PATH], path[SPINE_RUNDIR_PATH];
    struct spine_contender *contender = &ledger->contenders[job->trial];
    struct spine_account *account = &ledger->accounts[job->trial];
    struct spine_scores scores;
    int64_t epoch = 0;

    if (spine_ledger_progress(ledger, job->trial, &scores, &epoch, err) ||
        spine_ledger_trial_path(ledger, job->trial, directory, err) ||
        trial_file(ledger, job->trial, ".claim", path, err) ||
        spine_rundir_make("sweep.directory", directory, err))
        return -1;

    ledger->claim = spine_lock_open(path);
    if (ledger->claim < 0)
        return spine_fail(err, "%s: %s", path, strerror(errno));
    if (spine_lock_take(ledger->claim, SPINE_LOCK_TRY) != SPINE_LOCK_TAKEN)
        return spine_fail(err, "%s: can't be locked", path);
    free(account->reason);
    account->reason = NULL;
    account->claims = epoch > account->epoch ? 1 : account->claims + 1;
    account->epoch = epoch;
    contender->sent = job->rung + 1;

    return write_trial(ledger, job->trial, err);
}

/* A trial that has killed its workers too often to be tried again. */
static bool is_deadly(const struct spine_ledger *ledger, size_t trial)
{
    const struct spine_account *account = &ledger->accounts[trial];
    struct spine_scores scores;
    struct spine_error ignored;
    int64_t epoch = 0;
    return account->claims >= SPINE_LEDGER_MOST_CLAIMS &&
           spine_ledger_progress(ledger, trial, &scores, &epoch, &ignored) == 0 &&
           epoch <= account->epoch;
}

int spine_ledger_claim(struct spine_ledger *ledger, struct spine_job *job, struct spine_error *err)
{
    int lock = -1;

    *job = (struct spine_job){.verdict = SPINE_HALVING_OVER};
    if (spine_ledger_lock(ledger, &lock, err))
        return -1;
    int rc = spine_ledger_read(ledger, err);
    while (rc == 0) {
        job->verdict = spine_halving_next(&ledger->halving, ledger->contenders,
                                          ledger->trials->count, &job->trial, &job->rung);
        if (job->verdict != SPINE_HALVING_TRAIN || !is_deadly(ledger, job->trial))
            break;
        rc = spine_ledger_fail(ledger, job,
                               "its worker died repeatedly without progress; out of memory?", err);
    }

    if (rc == 0 && job->verdict == SPINE_HALVING_TRAIN)
        rc = claim_job(ledger, job, err);

    spine_lock_release(lock);
    return rc;
}

int spine_ledger_claim_trial(struct spine_ledger *ledger, size_t trial, struct spine_job *job,
                             struct spine_error *err)
{
    int lock = -1;

    *job = (struct spine_job){.verdict = SPINE_HALVING_OVER, .trial = trial};
    if (spine_ledger_lock(ledger, &lock, err))
        return -1;
    int rc = read_trial(ledger, trial, err);
    const struct spine_contender *contender = &ledger->contenders[trial];
    if (rc == 0 && contender->done < ledger->halving.num_rungs) {
        job->verdict = SPINE_HALVING_TRAIN;
        rc = contender->state == SPINE_CONTENDER_BUSY
                 ? spine_refuse(err, "trial %zu: another process is training it", trial)
                 : claim_job(ledger, job, err);
    }

    spine_lock_release(lock);
    return rc;
}

int spine_ledger_record(struct spine_ledger *ledger, const struct spine_job *job,
                        const struct spine_scores *scores, double seconds, struct spine_error *err)
{
    struct spine_contender *contender = &ledger->contenders[job->trial];
    contender->scores[job->rung] = *scores;
    contender->done = contender->sent = job->rung + 1;
    ledger->accounts[job->trial].seconds += seconds;
    ledger->accounts[job->trial].claims = 0;
    return write_trial(ledger, job->trial, err);
}

int spine_ledger_fail(struct spine_ledger *ledger, const struct spine_job *job, const char *reason,
                      struct spine_error *err)
{
    struct spine_account *account = &ledger->accounts[job->trial];
    free(account->reason);
    account->reason = spine_memory_copy(reason, "a reason", err);
    account->claims = 0;
    ledger->contenders[job->trial].state = SPINE_CONTENDER_FAILED;
    if (account->reason == NULL)
        return -1;

    return write_trial(ledger, job->trial, err);
}

int spine_ledger_pause(struct spine_ledger *ledger, const struct spine_job *job,
                       struct spine_error *err)
{
    ledger->accounts[job->trial].claims = 0;
    return write_trial(ledger, job->trial, err);
}

void spine_ledger_release(struct spine_ledger *ledger)
{
    spine_lock_release(ledger->claim);
    ledger->claim = -1;
}

int spine_ledger_progress(const struct spine_ledger *ledger, size_t trial,
                          struct spine_scores *scores, int64_t *epoch, struct spine_error *err)
{
    char path[SPINE_RUNDIR_PATH], *line = NULL;

    *scores = spine_goal_unknown();
    *epoch = 0;
    if (trial_file(ledger, trial, "metrics.jsonl", path, err) ||
        spine_metrics_last(path, &line, err))
        return -1;
    cJSON *json = line == NULL ? NULL : cJSON_Parse(line);
    if (json != NULL) {
        read_scores(json, scores);
        *epoch = (int64_t)read_number(json, "epoch");
    }

    cJSON_Delete(json);
    free(line);
    return 0;
}
