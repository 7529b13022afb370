/* sweep.h -- train the trials of a sweep (trials.h) and keep its ledger: the work of spine-sweep.
 *
 * Any number of processes may work on a sweep at once, on machines that share the file system: as
 * groups of one MPI job, as tasks of a job array, or both. If a trial fails, the reason is
 * recorded, and the sweep continues with the others. */
#ifndef SPINE_SWEEP_SWEEP_H
#define SPINE_SWEEP_SWEEP_H

#include <stdio.h>

#include "spine/ranks/comm.h"
#include "spine/sweep/trials.h"

/* Train all trials that aren't done. The ranks form groups of trials->ranks_per_trial; an idle
 * group claims the next trial at once. Ranks that don't fill a group stay idle, with a warning.
 * SPINE_SWEEP_RETRY_FAILED trains failed trials again. On a signal (interrupt.h), all groups save
 * and stop with SPINE_EXIT_AGAIN. Collective. */
enum spine_sweep_failed { SPINE_SWEEP_KEEP_FAILED, SPINE_SWEEP_RETRY_FAILED };
int spine_sweep_run(const struct spine_trials *trials, struct spine_comm *world,
                    enum spine_sweep_failed failed, struct spine_error *err);

/* Train trial i on all ranks, unless it is done; a trial that failed is trained again. Fails if the
 * trial fails. Refuses asha, which chooses the next trial itself. Collective. */
int spine_sweep_trial(const struct spine_trials *trials, struct spine_comm *world, size_t i,
                      struct spine_error *err);

/* Print the state of the sweep, with a line for each trial in training. Local. */
int spine_sweep_status(const struct spine_trials *trials, FILE *out, struct spine_error *err);

/* Write the summary (summary.h) of the trials as they are now, and print its table. Local. */
int spine_sweep_summary(const struct spine_trials *trials, FILE *out, struct spine_error *err);

/* For every finished trial whose page (report.h) is missing or older than its model, write
 * report.html in the trial's directory; then write the summary, whose page links to them. Local. */
int spine_sweep_report(const struct spine_trials *trials, struct spine_error *err);

#endif
