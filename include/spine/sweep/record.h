/* record.h -- the record of a trial, trial.json: the rungs it was promoted to, its scores on each
 * (halving.h), why it failed or could not be evaluated.
 *
 * Scores are written with 17 digits: those that a worker computed and those that another has read
 * are the same, so that it makes no difference which worker trained a trial. Local. */
#ifndef SPINE_SWEEP_RECORD_H
#define SPINE_SWEEP_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spine/base/error.h"
#include "spine/sweep/goal.h"
#include "spine/sweep/halving.h"

/* A record has no more bytes. */
enum { SPINE_RECORD_MOST = 1 << 20 };

/* What a record has beside struct spine_contender. */
struct spine_account {
    char *reason;        /* owned; why it failed, or NULL */
    char *not_evaluated; /* owned; why its codes, trained, could not be evaluated, or NULL */
    bool diverged;       /* trained to the end, it has diverged (metrics.h) */
    bool given_up;       /* until another process, as this one could not evaluate it */
    int64_t epoch;       /* that it had reached when it was last claimed */
    int claims;          /* since it last finished a rung, paused or made progress */
    double seconds;      /* of training, up to the last rung */
};

/* Free the reasons. */
void spine_record_clear(struct spine_account *account);

/* The two parts of a record, both borrowed. */
struct spine_record {
    struct spine_contender *contender;
    struct spine_account *account;
};

/* Read a record with up to 'rungs' rungs. Without the file the trial has not begun. Refuses one that
 * isn't what was written. */
int spine_record_read(const char *path, size_t rungs, const struct spine_record *record,
                      struct spine_error *err);

/* The record as text; the caller frees. NULL, if memory is short. */
char *spine_record_text(const struct spine_record *record, struct spine_error *err);

/* The scores that the last line of a metrics.jsonl has, and its epoch; 0 if there is none. Refuses a
 * line that isn't an epoch's. */
int spine_record_progress(const char *path, struct spine_scores *scores, int64_t *epoch,
                          struct spine_error *err);

#endif
