/* epochend.h -- the end of an epoch, after its last step: its metrics; after the last epoch the
 * refit; the measures, if they are due; a line of metrics.jsonl and of the log; and the reviving of
 * units. */
#ifndef SPINE_TRAIN_EPOCHEND_H
#define SPINE_TRAIN_EPOCHEND_H

#include "spine/files/metrics.h"
#include "spine/train/trainer.h"

/* End the epoch that run->position is in, after its last step; the position has its sums, seconds
 * and waits, and is left as it is. If this is likely to take more than 2 seconds, the position is
 * saved before, and requests are served in between: a run that is left then resumes at the end
 * (spine_trainer_is_at_end). On return 'metrics' are the epoch's. Fails if a loss isn't finite, or
 * if the run leaves early (requests.h). Collective over the grid's ranks. */
int spine_epochend_run(struct spine_trainer *run, struct spine_metrics *metrics,
                       struct spine_error *err);

/* The seconds from the start of an epoch, counted from 1, to when it is saved, if its steps take so
 * many: with its end, unless it is saved before that. Local. */
double spine_epochend_needed(const struct spine_trainer *run, int64_t epoch, double steps);

#endif
