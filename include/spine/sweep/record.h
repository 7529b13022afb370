/* record.h -- the record of a trial, trial.json: the rungs it was promoted to, its scores on each
 * (halving.h), why it failed or could not be evaluated.
 *
 * Scores are written with 17 digits, so that another worker reads exactly the numbers that were
 * computed. Local. */
#ifndef SPINE_SWEEP_RECORD_H
#define SPINE_SWEEP_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spine/base/error.h"
#include "spine/sweep/goal.h"
#include "spine/sweep/halving.h"

/* The most bytes of a record. */
enum { SPINE_RECORD_MOST = 1 << 20 };

/* What a record has besides struct spine_contender. */
struct spine_account {
    char *reason;        /* owned; why the trial failed, or NULL */
    char *not_evaluated; /* owned; why it was trained but couldn't be evaluated, or NULL */
    bool diverged;       /* trained to the end, and diverged (metrics.h) */
    bool given_up;       /* by this process, which couldn't evaluate it; another may */
    int64_t epoch;       /* reached when it was last claimed */
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

/* Read a record with up to 'rungs' rungs. If there is no file, the trial has not begun; an empty
 * one is of a first claim, after a crash of the whole machine. Refuses a damaged file. */
int spine_record_read(const char *path, size_t rungs, const struct spine_record *record,
                      struct spine_error *err);

/* The record as text; the caller frees it. NULL when out of memory. */
char *spine_record_text(const struct spine_record *record, struct spine_error *err);

/* Read the scores in the last line of a metrics.jsonl, and its epoch; 0 if there is no line.
 * Refuses a line that isn't of an epoch. */
int spine_record_progress(const char *path, struct spine_scores *scores, int64_t *epoch,
                          struct spine_error *err);

#endif
