/* ledger.h -- the directory of a sweep: which trials are done, and who is training which trial.
 *
 *     sweep.ini               the sweep (trials.h) with the options of its base
 *     trials/0007/            trial 7, an ordinary run (rundir.h), and beside it
 *     trials/0007/trial.json  its record (record.h)
 *     .lock                   held (lock.h) while a trial is claimed or recorded
 *     .claims                 byte 7 is locked by the process that trains trial 7
 *     .changes                which trial.json were written (changes.h): a worker rereads only the
 *                             records that have changed
 *
 * The workers of a sweep (groups of one job, tasks of an array, other machines with the same file
 * system) communicate only through this directory. A claim ends with its process; then another
 * worker resumes the trial from its checkpoint. Local: one rank of a group has the ledger. */
#ifndef SPINE_SWEEP_LEDGER_H
#define SPINE_SWEEP_LEDGER_H

#include <stdbool.h>

#include "spine/files/rundir.h"
#include "spine/sweep/changes.h"
#include "spine/sweep/halving.h"
#include "spine/sweep/record.h"
#include "spine/sweep/trials.h"

struct spine_ledger {
    const struct spine_trials *trials; /* borrowed */
    struct spine_halving halving;
    struct spine_contender *contenders; /* owned; (trials->count) */
    struct spine_scores *scores;        /* owned; (trials->count, rungs) */
    struct spine_account *accounts;     /* owned; (trials->count) */
    bool *held;                         /* owned; (trials->count): claimed by other processes */
    int claims;                         /* descriptor of .claims; -1: this ledger claims nothing */
    size_t claimed;                     /* the trial claimed by this process, or trials->count */
    struct spine_changes changes;       /* how far .changes was read */
    double patience;                    /* seconds to wait for the sweep's lock */
};

int spine_ledger_init(struct spine_ledger *ledger, const struct spine_trials *trials,
                      struct spine_error *err);

/* Also releases a claim. A zeroed struct may be disposed of. */
void spine_ledger_dispose(struct spine_ledger *ledger);

/* Create the directory and write sweep.ini. Refuses a directory that belongs to another sweep, and
 * a file system without locks. */
int spine_ledger_open(struct spine_ledger *ledger, struct spine_error *err);

/* Check that the directory has this sweep. Refuses a directory with no sweep or another one. */
int spine_ledger_find(const struct spine_ledger *ledger, struct spine_error *err);

/* Lock the sweep, so that no other process claims trials or writes the summary; while another
 * process holds the lock, waits, and fails if the same one has held it for ledger->patience
 * seconds, or on a signal to stop. */
int spine_ledger_lock(const struct spine_ledger *ledger, int *lock, struct spine_error *err);
void spine_ledger_unlock(int lock);

/* Mark failed trials to be trained again. */
int spine_ledger_retry(struct spine_ledger *ledger, struct spine_error *err);

/* Read the state of all trials. Refuses a damaged trial.json. */
int spine_ledger_read(struct spine_ledger *ledger, struct spine_error *err);

/* A job of a worker: train 'trial' up to 'rung', record that it is done or has failed, and release
 * it. */
struct spine_job {
    enum spine_halving_verdict verdict;
    size_t trial, rung;
};

/* A trial fails when its workers have died this many times without progress. */
enum { SPINE_LEDGER_MOST_CLAIMS = 5 };

/* Claim the next job (halving.h). Or claim one trial, which may have failed before, on the only
 * rung; refused if another process is training it. */
int spine_ledger_claim(struct spine_ledger *ledger, struct spine_job *job, struct spine_error *err);
int spine_ledger_claim_trial(struct spine_ledger *ledger, size_t trial, struct spine_job *job,
                             struct spine_error *err);

/* Record the result of the claimed job. A deferred trial isn't claimed again by this process, where
 * its evaluation would fail again, but by the next one. */
int spine_ledger_record(struct spine_ledger *ledger, const struct spine_job *job,
                        const struct spine_scores *scores, bool diverged, double seconds,
                        struct spine_error *err);
int spine_ledger_fail(struct spine_ledger *ledger, const struct spine_job *job, const char *reason,
                      struct spine_error *err);
int spine_ledger_defer(struct spine_ledger *ledger, const struct spine_job *job, const char *reason,
                       struct spine_error *err); /* trained, but couldn't be evaluated */
int spine_ledger_pause(struct spine_ledger *ledger, const struct spine_job *job,
                       struct spine_error *err); /* saved, to be resumed */
void spine_ledger_release(struct spine_ledger *ledger);

/* The epochs that a trial has been trained for when it has finished a rung: the rung's or, on the
 * last, all of the trial, since train.epochs may be a parameter. */
int spine_ledger_epochs(const struct spine_ledger *ledger, size_t trial, size_t rung,
                        int64_t *epochs, struct spine_error *err);

/* Write a path, of SPINE_RUNDIR_PATH bytes: of a file in the sweep's directory; of a trial's
 * directory. */
int spine_ledger_path(const struct spine_ledger *ledger, const char *name, char *path,
                      struct spine_error *err);
int spine_ledger_trial_path(const struct spine_ledger *ledger, size_t trial, char *path,
                            struct spine_error *err);

/* Read the scores in the last line of the trial's metrics.jsonl, and its epoch; 0 if there is no
 * line. Refuses a line that isn't of an epoch. */
int spine_ledger_progress(const struct spine_ledger *ledger, size_t trial,
                          struct spine_scores *scores, int64_t *epoch, struct spine_error *err);

#endif
