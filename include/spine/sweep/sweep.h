/* sweep.h -- the job of spine-sweep: train the trials of a sweep (trials.h) and keep its ledger.
 *
 * Any number of processes may do so at once, on one or more machines that share the file system: as
 * groups of one MPI job, as tasks of a job array, or both. A trial that fails is recorded with its
 * reason, and the sweep continues with the others. */
#ifndef SPINE_SWEEP_SWEEP_H
#define SPINE_SWEEP_SWEEP_H

#include <stdio.h>

#include "spine/ranks/comm.h"
#include "spine/sweep/trials.h"

/* Train all trials that aren't done. The ranks form groups of trials->ranks_per_trial; an idle group
 * claims the next trial at once. Ranks that are too few for a group are idle, with a warning.
 * SPINE_SWEEP_RETRY_FAILED trains failed trials again. On a signal (interrupt.h) saves all and
 * stops with SPINE_EXIT_AGAIN. Collective. */
enum spine_sweep_failed { SPINE_SWEEP_KEEP_FAILED, SPINE_SWEEP_RETRY_FAILED };
int spine_sweep_run(const struct spine_trials *trials, struct spine_comm *world,
                    enum spine_sweep_failed failed, struct spine_error *err);

/* Train trial i, on all ranks, unless it is done; if it failed before, again. Fails if the trial
 * does. Refuses asha, which chooses the next trial itself. Collective. */
int spine_sweep_trial(const struct spine_trials *trials, struct spine_comm *world, size_t i,
                      struct spine_error *err);

/* Print the state of the sweep, with a line for each trial in training. Local. */
int spine_sweep_status(const struct spine_trials *trials, FILE *out, struct spine_error *err);

/* Write the summary (summary.h) of the trials as they are now, and print its table. Local. */
int spine_sweep_summary(const struct spine_trials *trials, FILE *out, struct spine_error *err);

/* Write the page (report.h) of every finished trial that has none, or an older one than its model, to
 * report.html in the trial's directory; then the summary, whose page leads to them. Local. */
int spine_sweep_report(const struct spine_trials *trials, struct spine_error *err);

#endif
