/* ledger.c -- the directory of a sweep. */
#include "spine/sweep/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "spine/base/interrupt.h"
#include "spine/base/lock.h"
#include "spine/base/log.h"
#include "spine/base/memory.h"
#include "spine/base/outfile.h"
#include "spine/base/textfile.h"
#include "spine/config/identity.h"

int spine_ledger_init(struct spine_ledger *ledger, const struct spine_trials *trials,
                      struct spine_error *err)
{
    enum { PATIENCE = 300 }; /* seconds; far longer than one process holds the lock */
    *ledger = (struct spine_ledger){
        .trials = trials, .claims = -1, .claimed = trials->count, .patience = PATIENCE};
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
    ledger->held = spine_memory_zeroed(trials->count, sizeof *ledger->held, "the claims", err);
    if (ledger->contenders == NULL || ledger->scores == NULL || ledger->accounts == NULL ||
        ledger->held == NULL) {
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
    spine_lock_release(ledger->claims);
    for (size_t i = 0; ledger->accounts != NULL && i < ledger->trials->count; i++)
        spine_record_clear(&ledger->accounts[i]);
    free(ledger->held);
    free(ledger->accounts);
    free(ledger->scores);
    free(ledger->contenders);
    *ledger = (struct spine_ledger){.claims = -1};
}

int spine_ledger_epochs(const struct spine_ledger *ledger, size_t trial, size_t rung,
                        int64_t *epochs, struct spine_error *err)
{
    struct spine_config config;

    if (rung + 1 < ledger->halving.num_rungs) {
        *epochs = ledger->halving.epochs[rung];
        return 0;
    }
    if (spine_trials_config(ledger->trials, trial, &config, err))
        return -1;
    *epochs = config.epochs;
    return 0;
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

/* --- Records ------------------------------------------------------------------------------ */

static struct spine_record record_of(const struct spine_ledger *ledger, size_t trial)
{
    return (struct spine_record){&ledger->contenders[trial], &ledger->accounts[trial]};
}

static int read_trial(struct spine_ledger *ledger, size_t trial, struct spine_error *err)
{
    char path[SPINE_RUNDIR_PATH];
    const struct spine_record record = record_of(ledger, trial);

    if (trial_file(ledger, trial, "trial.json", path, err) ||
        spine_record_read(path, ledger->halving.num_rungs, &record, err))
        return -1;
    return 0;
}

/* Does the record hold nothing but a first claim, or one after progress? */
static bool is_first_claim(const struct spine_record *record)
{
    const struct spine_account *account = record->account;

    return record->contender->done == 0 && account->claims == 1 && !account->diverged &&
           account->reason == NULL && account->not_evaluated == NULL;
}

/* Write a trial's record; the caller holds the sweep's lock. A crash of the whole machine ends all
 * claims, so the first one needn't be synced; the count of later ones must, or a trial that takes
 * its machine down would never be given up. */
static int write_trial(const struct spine_ledger *ledger, size_t trial, struct spine_error *err)
{
    char path[SPINE_RUNDIR_PATH], changes[SPINE_RUNDIR_PATH];
    const struct spine_record record = record_of(ledger, trial);

    if (trial_file(ledger, trial, "trial.json", path, err) ||
        spine_ledger_path(ledger, ".changes", changes, err))
        return -1;
    char *text = spine_record_text(&record, err);
    if (text == NULL)
        return -1;

    int rc = spine_changes_note(changes, trial, err);
    if (rc == 0)
        rc = is_first_claim(&record) ? spine_outfile_write_lightly(path, text, err)
                                     : spine_outfile_write_text(path, text, err);
    free(text);
    return rc;
}

static int read_all(struct spine_ledger *ledger, struct spine_error *err)
{
    for (size_t i = 0; i < ledger->trials->count; i++)
        if (read_trial(ledger, i, err))
            return -1;
    return 0;
}

static int read_some(struct spine_ledger *ledger, const struct spine_changed *changed,
                     struct spine_error *err)
{
    for (size_t i = 0; i < changed->count; i++)
        if (changed->trials[i] < ledger->trials->count && /* another process may have more trials */
            read_trial(ledger, changed->trials[i], err))
            return -1;
    return 0;
}

/* Read the trials that have changed since the last reading. */
static int read_changed(struct spine_ledger *ledger, struct spine_error *err)
{
    char path[SPINE_RUNDIR_PATH];
    struct spine_changed changed;

    if (spine_ledger_path(ledger, ".changes", path, err) ||
        spine_changes_read(&ledger->changes, path, &changed, err))
        return -1;
    const int rc = changed.is_known ? read_some(ledger, &changed, err) : read_all(ledger, err);
    free(changed.trials);
    if (rc != 0)
        return -1;

    spine_changes_settle(&ledger->changes, &changed);
    return 0;
}

/* Find which trials other processes have claimed, in ledger->held. */
static int find_held(struct spine_ledger *ledger, struct spine_error *err)
{
    char path[SPINE_RUNDIR_PATH];
    int file = ledger->claims;

    memset(ledger->held, 0, ledger->trials->count * sizeof *ledger->held);
    if (spine_ledger_path(ledger, ".claims", path, err))
        return -1;
    if (file < 0) /* a ledger that claims nothing; closing the file gives up no claim */
        file = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (file < 0 && errno == ENOENT)
        return 0;

    int rc = 0;
    if (file < 0 || spine_lock_find_held(file, ledger->trials->count, ledger->held) != 0)
        rc = spine_fail(err, "%s: %s", path, strerror(errno));
    if (ledger->claims < 0 && file >= 0)
        close(file);
    return rc;
}

/* Read the state of all trials. Claims are tested first: a worker writes the file before it
 * releases its claim. */
static int read_ledger(struct spine_ledger *ledger, struct spine_error *err)
{
    if (find_held(ledger, err) || read_changed(ledger, err))
        return -1;

    for (size_t i = 0; i < ledger->trials->count; i++) {
        struct spine_contender *contender = &ledger->contenders[i];
        const struct spine_account *account = &ledger->accounts[i];
        const bool at_work = ledger->held[i] && contender->done < ledger->halving.num_rungs;
        contender->state = account->reason != NULL || account->given_up ? SPINE_CONTENDER_FAILED
                           : at_work                                    ? SPINE_CONTENDER_BUSY
                                                                        : SPINE_CONTENDER_FREE;
    }
    return 0;
}

/* Open the file of claims, only once, since closing it would give up a claim. */
static int open_claims(struct spine_ledger *ledger, struct spine_error *err)
{
    char path[SPINE_RUNDIR_PATH];

    if (ledger->claims >= 0)
        return 0;
    if (spine_ledger_path(ledger, ".claims", path, err))
        return -1;
    ledger->claims = spine_lock_open(path);
    if (ledger->claims < 0)
        return spine_fail(err, "%s: %s", path, strerror(errno));
    return 0;
}

/* --- The sweep's directory ---------------------------------------------------------------- */

/* Wait for the lock, for ledger->patience seconds since a process last took it. The seconds in
 * which this process is suspended aren't counted. */
static int wait_for_lock(const struct spine_ledger *ledger, int lock, const char *path,
                         struct spine_error *err)
{
    const double step = ledger->patience < 1 ? ledger->patience : 1, silent = 5;
    double waited = 0, unchanged = 0;
    struct timespec last = {0};
    enum spine_lock_outcome outcome;

    while ((outcome = spine_lock_take(lock, step)) == SPINE_LOCK_HELD) {
        struct stat facts;
        if (spine_interrupt_leave() || spine_interrupt_hurry())
            return spine_leave(
                err, "stopped while waiting for %s; run the same command again to resume", path);
        if (waited < silent && waited + step >= silent)
            spine_log(SPINE_LOG_INFO, "another process has locked %s: waiting", path);
        waited += step;
        unchanged += step;
        if (fstat(lock, &facts) == 0 &&
            (facts.st_mtim.tv_sec != last.tv_sec || facts.st_mtim.tv_nsec != last.tv_nsec)) {
            last = facts.st_mtim;
            unchanged = 0;
        }
        if (unchanged >= ledger->patience)
            return spine_fail(err,
                              "%s: locked by another process of the sweep for %.3g s; if that "
                              "process is suspended, resume or end it; then run the same command "
                              "again",
                              path, ledger->patience);
    }
    if (outcome == SPINE_LOCK_TAKEN)
        return 0;
    return spine_refuse(
        err,
        "sweep.directory: %s: can't be locked (%s); locks keep two processes from training "
        "one trial; use another file system",
        path, strerror(errno));
}

int spine_ledger_lock(const struct spine_ledger *ledger, int *lock, struct spine_error *err)
{
    char path[SPINE_RUNDIR_PATH];

    if (spine_ledger_path(ledger, ".lock", path, err))
        return -1;
    *lock = spine_lock_open(path);
    if (*lock < 0)
        return spine_refuse(err, "sweep.directory: %s: %s", path, strerror(errno));
    if (wait_for_lock(ledger, *lock, path, err)) {
        spine_lock_release(*lock);
        return -1;
    }

    futimens(*lock, NULL); /* for those who wait */
    return 0;
}

static int parse_sweep(struct spine_trials *trials, const char *path, const char *text,
                       struct spine_error *err)
{
    struct spine_config base;
    struct spine_inifile_lines lines = {0};

    spine_config_init(&base);
    const int rc = spine_inifile_parse(&base, &lines, text, path, err) ||
                   spine_trials_init(trials, &base, &lines, err);
    spine_inifile_lines_dispose(&lines);
    if (rc)
        return -1;
    return 0;
}

/* Parse a sweep that is there. The trials of earlier versions may repeat others: the text, which
 * ends with [sweep], doesn't say how they were drawn. */
static int parse_other(struct spine_trials *other, const char *path, const char *text,
                       struct spine_error *err)
{
    static const char line[] = "\ndraws = ";
    if (parse_sweep(other, path, text, err))
        return -1;
    if (!other->drawn || other->num_repeats == 0 || strstr(text, line) != NULL)
        return 0;

    const size_t bytes = strlen(text) + 64;
    char *longer = spine_memory_get(bytes, 1, "the sweep's text", err);
    spine_trials_dispose(other);
    if (longer == NULL)
        return -1;
    snprintf(longer, bytes, "%s%sindependent\n", text, line);
    const int rc = parse_sweep(other, path, longer, err);
    free(longer);
    return rc;
}

/* Refuse a sweep whose description isn't ours. One whose only difference is that its trials may
 * repeat, as those of earlier versions do, can be resumed with one option. */
static int compare_identities(const struct spine_trials *trials, const struct spine_trials *other,
                              struct spine_error *err)
{
    char differences[768], lost[768];
    char *was = spine_trials_identity(other, err);
    char *is = was == NULL ? NULL : spine_trials_identity(trials, err);
    int rc = -(is == NULL);

    if (rc == 0) {
        const int backward = spine_identity_differ(is, was, lost, sizeof lost);
        const int forward = spine_identity_differ(was, is, differences, sizeof differences);
        const bool may_repeat = other->is_independent && !trials->is_independent;
        if (may_repeat && forward == 1 && backward == 1)
            rc = spine_refuse(err,
                              "sweep.directory: %s has a sweep whose trials may repeat: %s; set "
                              "sweep.draws = independent to resume it, or use another directory",
                              trials->directory, differences);
        else if (forward > 0 || backward > 0)
            rc = spine_refuse(err,
                              "sweep.directory: %s belongs to another sweep: %s; use another "
                              "directory",
                              trials->directory, differences);
    }

    free(was);
    free(is);
    return rc;
}

/* Refuse a sweep whose trials aren't ours. */
static int compare_sweeps(const struct spine_ledger *ledger, const char *path, const char *text,
                          struct spine_error *err)
{
    struct spine_trials other = {0};
    int rc = parse_other(&other, path, text, err);

    if (rc != 0) {
        const struct spine_error inner = *err;
        spine_refuse(err, "sweep.directory: %s holds a sweep that can't be read: %.600s",
                     ledger->trials->directory, inner.text);
    }

    if (rc == 0)
        rc = compare_identities(ledger->trials, &other, err);
    if (rc == 0 && other.count > ledger->trials->count)
        rc = spine_refuse(err, "sweep.trials: is %zu, but %s has a sweep of %zu",
                          ledger->trials->count, ledger->trials->directory, other.count);

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
        spine_rundir_make("sweep.directory", trials, err) || open_claims(ledger, err) ||
        spine_ledger_lock(ledger, &lock, err))
        return -1;
    char *text = spine_trials_text(ledger->trials, err), *before = NULL;
    int rc = -1;

    if (text != NULL)
        rc = spine_textfile_find(path, "a sweep", SPINE_RECORD_MOST, &before, err);
    const bool is_new = rc == 0 && (before == NULL || strcmp(text, before) != 0);
    if (is_new && before != NULL)
        rc = compare_sweeps(ledger, path, before, err);
    if (is_new && rc == 0)
        rc = spine_outfile_write_text(path, text, err);

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
    if (spine_textfile_find(path, "a sweep", SPINE_RECORD_MOST, &text, err))
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
    int lock = -1;

    if (ledger->claims < 0)
        return read_ledger(ledger, err);
    if (spine_ledger_lock(ledger, &lock, err))
        return -1;
    const int rc = read_ledger(ledger, err);
    spine_ledger_unlock(lock);
    return rc;
}

int spine_ledger_retry(struct spine_ledger *ledger, struct spine_error *err)
{
    int lock = -1;

    if (spine_ledger_lock(ledger, &lock, err))
        return -1;
    int rc = read_ledger(ledger, err);
    for (size_t i = 0; rc == 0 && i < ledger->trials->count; i++)
        if (ledger->accounts[i].reason != NULL) {
            spine_record_clear(&ledger->accounts[i]);
            rc = write_trial(ledger, i, err);
        }
    spine_ledger_unlock(lock);
    return rc;
}

/* --- Claiming ----------------------------------------------------------------------------- */

/* Claim the job's trial; the caller holds the sweep's lock. */
static int claim_job(struct spine_ledger *ledger, const struct spine_job *job,
                     struct spine_error *err)
{
    char directory[SPINE_RUNDIR_PATH];
    struct spine_account *account = &ledger->accounts[job->trial];
    struct spine_scores scores;
    int64_t epoch = 0;

    /* If its metrics can't be read, the training will report that. */
    if (spine_ledger_progress(ledger, job->trial, &scores, &epoch, err))
        epoch = account->epoch;
    if (spine_ledger_trial_path(ledger, job->trial, directory, err) ||
        spine_rundir_make("sweep.directory", directory, err))
        return -1;
    if (spine_lock_take_byte(ledger->claims, job->trial) != SPINE_LOCK_TAKEN)
        return spine_fail(err, "%s: can't be claimed: %s", directory, strerror(errno));

    ledger->claimed = job->trial;
    spine_record_clear(account);
    account->claims = epoch > account->epoch ? 1 : account->claims + 1;
    account->epoch = epoch;
    ledger->contenders[job->trial].sent = job->rung + 1;
    if (write_trial(ledger, job->trial, err) == 0)
        return 0;
    spine_ledger_release(ledger); /* otherwise those that need its result would wait for ever */
    return -1;
}

/* Has the trial killed its workers too often to be tried again? */
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

static int set_reason(char **reason, const char *text, struct spine_error *err)
{
    free(*reason);
    *reason = spine_memory_copy(text, "a reason", err);
    if (*reason == NULL)
        return -1;
    return 0;
}

/* Record that the job's trial failed; the caller holds the sweep's lock. */
static int fail_job(struct spine_ledger *ledger, const struct spine_job *job, const char *reason,
                    struct spine_error *err)
{
    struct spine_account *account = &ledger->accounts[job->trial];

    if (set_reason(&account->reason, reason, err))
        return -1;
    account->claims = 0;
    ledger->contenders[job->trial].state = SPINE_CONTENDER_FAILED;
    return write_trial(ledger, job->trial, err);
}

int spine_ledger_claim(struct spine_ledger *ledger, struct spine_job *job, struct spine_error *err)
{
    int lock = -1;

    *job = (struct spine_job){.verdict = SPINE_HALVING_OVER};
    if (open_claims(ledger, err) || spine_ledger_lock(ledger, &lock, err))
        return -1;
    int rc = read_ledger(ledger, err);
    while (rc == 0) {
        job->verdict = spine_halving_next(&ledger->halving, ledger->contenders,
                                          ledger->trials->count, &job->trial, &job->rung);
        if (job->verdict != SPINE_HALVING_TRAIN || !is_deadly(ledger, job->trial))
            break;
        rc = fail_job(ledger, job, "its worker died repeatedly without progress; out of memory?",
                      err);
    }

    if (rc == 0 && job->verdict == SPINE_HALVING_TRAIN)
        rc = claim_job(ledger, job, err);
    spine_ledger_unlock(lock);
    return rc;
}

int spine_ledger_claim_trial(struct spine_ledger *ledger, size_t trial, struct spine_job *job,
                             struct spine_error *err)
{
    int lock = -1;

    *job = (struct spine_job){.verdict = SPINE_HALVING_OVER, .trial = trial};
    if (open_claims(ledger, err) || spine_ledger_lock(ledger, &lock, err))
        return -1;
    int rc = read_ledger(ledger, err);
    const struct spine_contender *contender = &ledger->contenders[trial];
    if (rc == 0 && contender->done < ledger->halving.num_rungs) {
        job->verdict = SPINE_HALVING_TRAIN;
        rc = contender->state == SPINE_CONTENDER_BUSY
                 ? spine_refuse(err, "trial %zu: another process is training it", trial)
                 : claim_job(ledger, job, err);
    }
    spine_ledger_unlock(lock);
    return rc;
}

/* --- Recording ---------------------------------------------------------------------------- */

/* Write the trial's record, and read those that others have written. */
static int settle(struct spine_ledger *ledger, size_t trial, struct spine_error *err)
{
    int lock = -1;

    ledger->accounts[trial].claims = 0;
    if (spine_ledger_lock(ledger, &lock, err))
        return -1;
    int rc = write_trial(ledger, trial, err);
    if (rc == 0)
        rc = read_ledger(ledger, err);
    spine_ledger_unlock(lock);
    return rc;
}

int spine_ledger_record(struct spine_ledger *ledger, const struct spine_job *job,
                        const struct spine_scores *scores, bool diverged, double seconds,
                        struct spine_error *err)
{
    struct spine_contender *contender = &ledger->contenders[job->trial];

    contender->scores[job->rung] = *scores;
    contender->done = contender->sent = job->rung + 1;
    ledger->accounts[job->trial].diverged = diverged;
    ledger->accounts[job->trial].seconds += seconds;
    return settle(ledger, job->trial, err);
}

int spine_ledger_fail(struct spine_ledger *ledger, const struct spine_job *job, const char *reason,
                      struct spine_error *err)
{
    if (set_reason(&ledger->accounts[job->trial].reason, reason, err))
        return -1;
    return settle(ledger, job->trial, err);
}

int spine_ledger_defer(struct spine_ledger *ledger, const struct spine_job *job, const char *reason,
                       struct spine_error *err)
{
    struct spine_account *account = &ledger->accounts[job->trial];

    if (set_reason(&account->not_evaluated, reason, err))
        return -1;
    account->given_up = true;
    return settle(ledger, job->trial, err);
}

int spine_ledger_pause(struct spine_ledger *ledger, const struct spine_job *job,
                       struct spine_error *err)
{
    return settle(ledger, job->trial, err);
}

void spine_ledger_release(struct spine_ledger *ledger)
{
    if (ledger->claimed < ledger->trials->count)
        spine_lock_release_byte(ledger->claims, ledger->claimed);
    ledger->claimed = ledger->trials->count;
}

int spine_ledger_progress(const struct spine_ledger *ledger, size_t trial,
                          struct spine_scores *scores, int64_t *epoch, struct spine_error *err)
{
    char directory[SPINE_RUNDIR_PATH], path[SPINE_RUNDIR_PATH];

    *scores = spine_goal_unknown();
    *epoch = 0;
    if (spine_ledger_trial_path(ledger, trial, directory, err) ||
        spine_metrics_path(directory, path, err) || spine_record_progress(path, scores, epoch, err))
        return -1;
    return 0;
}
