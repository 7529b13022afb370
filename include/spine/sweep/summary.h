/* summary.h -- the results of a sweep: a table, the best trial, the effect of each parameter.
 *
 *     summary.tsv     a line a trial: parameters, state, epochs, scores, whether it is within the
 *                     limits, whether it is on the Pareto front, why it failed. The same file,
 *                     whichever process trained a trial, and when.
 *     summary.json    the same with times, the best trial, the front and the parameters' effects
 *     summary.html    the same as a page
 *
 * The best trial has the best objective of the trials that are within the limits, were trained to
 * the end and have not diverged; ties go to the lowest number. The Pareto front of explained
 * variance and readability (intrusion) is the trials that no other beats on both. An effect is the
 * mean objective for each value of a list, or the rank correlation of a range with the objective.
 * It is taken over the trials with an objective on the first rung (halving.h), where all can be
 * compared. Local. */
#ifndef SPINE_SWEEP_SUMMARY_H
#define SPINE_SWEEP_SUMMARY_H

#include <stdint.h>
#include <stdio.h>

#include "spine/sweep/ledger.h"

enum spine_trial_state {
    SPINE_TRIAL_OPEN,          /* not begun */
    SPINE_TRIAL_RUNNING,       /* being trained */
    SPINE_TRIAL_BEGUN,         /* interrupted: it resumes with the sweep */
    SPINE_TRIAL_NOT_EVALUATED, /* trained; 'spine-sweep run' tries to evaluate it again */
    SPINE_TRIAL_HALTED,        /* not promoted from its rung */
    SPINE_TRIAL_FINISHED,      /* trained to the end */
    SPINE_TRIAL_DIVERGED,      /* the same, but it has diverged (metrics.h) */
    SPINE_TRIAL_FAILED,
    SPINE_TRIAL_STATES,
};
const char *spine_summary_state_name(enum spine_trial_state state);

struct spine_summary {
    const struct spine_ledger *ledger; /* borrowed; read (spine_ledger_read()) */
    size_t best;                       /* the best trial; the number of trials: none yet */
    size_t count[SPINE_TRIAL_STATES];
    char *on_front;  /* owned; (trials) */
    int64_t *epochs; /* owned; (trials): trained so far, by the highest finished rung */
};

int spine_summary_init(struct spine_summary *summary, const struct spine_ledger *ledger,
                       struct spine_error *err);
void spine_summary_dispose(struct spine_summary *summary);

enum spine_trial_state spine_summary_state(const struct spine_summary *summary, size_t trial);

/* Write the three files to the sweep's directory, under its lock. */
int spine_summary_write(const struct spine_summary *summary, struct spine_error *err);

/* Print the table of summary.tsv. */
void spine_summary_print(const struct spine_summary *summary, FILE *file);

/* Print the number of trials in each state, and the best trial, in two lines. */
void spine_summary_print_short(const struct spine_summary *summary, FILE *file);

#endif
