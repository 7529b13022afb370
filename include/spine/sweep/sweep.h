/* sweep.h -- the job of spine-sweep: to train a sweep's trials (trials.h) and keep its ledger.
 *
 * Any number of processes may do so at once, on one or more machines that share the file system: as
 * groups of one MPI job, as tasks of a job array, or both. A trial that fails is written down with
 * its reason, and the others go on. */
#ifndef SPINE_SWEEP_SWEEP_H
#define SPINE_SWEEP_SWEEP_H

#include <stdio.h>

#include "spine/ranks/comm.h"
#include "spine/sweep/trials.h"

/* Train what is left to train. The ranks form groups of trials->ranks_per_trial; a free group takes
 * what is next at once. Ranks that are too few for a group idle, which is said. With 'retry' failed
 * trials are taken up again. Leaves with SPINE_EXIT_AGAIN, all saved, when asked to
 * (interrupt.h). Collective. */
enum spine_sweep_failed { SPINE_SWEEP_KEEP_FAILED, SPINE_SWEEP_RETRY_FAILED };
int spine_sweep_run(const struct spine_trials *trials, struct spine_comm *world,
                    enum spine_sweep_failed failed, struct spine_error *err);

/* Train trial i, on all ranks, unless it is done; if it failed before, again. Fails if the trial
 * does. Refuses asha, which decides itself what comes next. Collective. */
int spine_sweep_trial(const struct spine_trials *trials, struct spine_comm *world, size_t i,
                      struct spine_error *err);

/* Print how the trials stand now, those at work one by one. Local. */
int spine_sweep_status(const struct spine_trials *trials, FILE *out, struct spine_error *err);

/* Write the summary (summary.h) as the trials stand now, and print its table. Local. */
int spine_sweep_summary(const struct spine_trials *trials, FILE *out, struct spine_error *err);

#endif
