/* summary.h -- what a sweep has come to: a table, a recommendation, what the parameters do.
 *
 *     summary.tsv     a line a trial: parameters, state, epochs, scores, is it allowed, is it on
 * the front, why it failed. Nothing in it depends on who trained it or when summary.json    the
 * same with times, the best trial, the front and the parameters' effects summary.html    the same
 * as a page
 *
 * The best trial is that with the best objective of those within the limits, among trials that were
 * trained to the end. The front: trials of which no other explains as much variance and is as
 * readable (intrusion), with one of both better. An effect is the mean objective of a list's
 * values, or the rank correlation of a range with the objective, over the trials that have it,
 * where all can be compared: on the first rung (halving.h). Local. */
#ifndef SPINE_SWEEP_SUMMARY_H
#define SPINE_SWEEP_SUMMARY_H

#include <stdio.h>

#include "spine/sweep/ledger.h"

enum spine_trial_state {
    SPINE_TRIAL_OPEN,     /* not begun */
    SPINE_TRIAL_RUNNING,  /* somebody is at work at it */
    SPINE_TRIAL_BEGUN,    /* and nobody is: it goes on with the sweep */
    SPINE_TRIAL_HALTED,   /* not sent up from its rung */
    SPINE_TRIAL_FINISHED, /* trained to the end */
    SPINE_TRIAL_FAILED,
    SPINE_TRIAL_STATES,
};
const char *spine_summary_state_name(enum spine_trial_state state);

struct spine_summary {
    const struct spine_ledger *ledger; /* borrowed; read (spine_ledger_read()) */
    size_t best;                       /* the number of trials if there is none yet */
    size_t count[SPINE_TRIAL_STATES];
    char *on_front; /* owned; (trials) */
};

int spine_summary_init(struct spine_summary *summary, const struct spine_ledger *ledger,
                       struct spine_error *err);
void spine_summary_dispose(struct spine_summary *summary);

enum spine_trial_state spine_summary_state(const struct spine_summary *summary, size_t trial);

/* The scores on the highest rung that the trial has finished; NULL if it has none. */
const struct spine_scores *spine_summary_scores(const struct spine_summary *summary, size_t trial);

/* Write the three files to the sweep's directory, while we have the sweep's lock. */
int spine_summary_write(const struct spine_summary *summary, struct spine_error *err);

/* The table, as in summary.tsv. */
void spine_summary_print(const struct spine_summary *summary, FILE *file);

/* How many trials are in which state, and the best one, in two lines. */
void spine_summary_print_short(const struct spine_summary *summary, FILE *file);

#endif
