/* ledger.h -- the directory of a sweep: which trials are done, and who works at which.
 *
 *     sweep.ini               the sweep (trials.h) with the options of its base
 *     .lock                   held for the moment in which a trial is claimed
 *     trials/0007/            trial 7, an ordinary run (rundir.h), and beside it
 *     trials/0007/trial.json  what it came to: how far it was sent, its scores on each rung
 *                             (halving.h), why it failed
 *     trials/0007/.claim      held (lock.h) by the process that works at it
 *
 * Nothing else passes between those who work at a sweep: the groups of one job, the tasks of an
 * array, other machines with the same file system. A claim ends with its process, and then the
 * trial goes on from its checkpoint. Local: of a group of ranks one has the ledger. */
#ifndef SPINE_SWEEP_LEDGER_H
#define SPINE_SWEEP_LEDGER_H

#include "spine/files/rundir.h"
#include "spine/sweep/halving.h"
#include "spine/sweep/trials.h"

/* What there is to know of a trial beside struct spine_contender. */
struct spine_account {
    char *reason;   /* owned; why it failed, or NULL */
    int64_t epoch;  /* that it had been trained to when it was last claimed */
    int claims;     /* since it was last settled, paused, or had come further */
    double seconds; /* that it was worked at, up to the last rung */
};

struct spine_ledger {
    const struct spine_trials *trials; /* borrowed */
    struct spine_halving halving;
    struct spine_contender *contenders; /* owned; (trials->count) */
    struct spine_scores *scores;        /* owned; (trials->count, rungs) */
    struct spine_account *accounts;     /* owned; (trials->count) */
    int claim;                          /* lock of the trial at work, or -1 */
};

int spine_ledger_init(struct spine_ledger *ledger, const struct spine_trials *trials,
                      struct spine_error *err);

/* Gives up a claim too. A zeroed struct is left alone. */
void spine_ledger_dispose(struct spine_ledger *ledger);

/* Make the directory and write sweep.ini. Refuses a directory that has another sweep's trials, and
 * a file system that can't lock. */
int spine_ledger_open(struct spine_ledger *ledger, struct spine_error *err);

/* Look for the sweep in its directory; refuses one that has none, or another sweep's trials. */
int spine_ledger_find(const struct spine_ledger *ledger, struct spine_error *err);

/* Keep others from claiming and summing up, for a moment; waits for those who do. */
int spine_ledger_lock(const struct spine_ledger *ledger, int *lock, struct spine_error *err);
void spine_ledger_unlock(int lock);

/* Let trials that have failed be taken up again. */
int spine_ledger_retry(struct spine_ledger *ledger, struct spine_error *err);

/* Learn how all trials stand. */
int spine_ledger_read(struct spine_ledger *ledger, struct spine_error *err);

/* Work for whoever asks: train 'trial' until 'rung' is done, to be recorded as such, or as failed,
 * and released. */
struct spine_job {
    enum spine_halving_verdict verdict;
    size_t trial, rung;
};

/* A trial whose process has died too often without getting any further fails. */
enum { SPINE_LEDGER_MOST_CLAIMS = 5 };

/* Claim what halving says is next; or one trial, which may have failed before, on the only rung.
 * Refuses the latter if others are at work at it. */
int spine_ledger_claim(struct spine_ledger *ledger, struct spine_job *job, struct spine_error *err);
int spine_ledger_claim_trial(struct spine_ledger *ledger, size_t trial, struct spine_job *job,
                             struct spine_error *err);

/* Write down what the claimed job came to. */
int spine_ledger_record(struct spine_ledger *ledger, const struct spine_job *job,
                        const struct spine_scores *scores, double seconds, struct spine_error *err);
int spine_ledger_fail(struct spine_ledger *ledger, const struct spine_job *job, const char *reason,
                      struct spine_error *err);
int spine_ledger_pause(struct spine_ledger *ledger, const struct spine_job *job,
                       struct spine_error *err); /* it is saved, and goes on another time */
void spine_ledger_release(struct spine_ledger *ledger);

/* Paths, of SPINE_RUNDIR_PATH bytes: a file of the sweep's; a trial's directory. */
int spine_ledger_path(const struct spine_ledger *ledger, const char *name, char *path,
                      struct spine_error *err);
int spine_ledger_trial_path(const struct spine_ledger *ledger, size_t trial, char *path,
                            struct spine_error *err);

/* The scores that the last line of the trial's metrics.jsonl has, and its epoch; 0 if there is
 * none. */
int spine_ledger_look(const struct spine_ledger *ledger, size_t trial, struct spine_scores *scores,
                      int64_t *epoch, struct spine_error *err);

#endif
