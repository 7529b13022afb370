/* epochend.h -- the end of an epoch, after its last step: its metrics; after the last epoch the refit; the
 * measures, if they are due; a line of metrics.jsonl and of the log; and the reviving of units. */
#ifndef SPINE_TRAIN_EPOCHEND_H
#define SPINE_TRAIN_EPOCHEND_H

#include "spine/files/metrics.h"
#include "spine/train/trainer.h"

/* End the epoch that run->position is in, whose sums, seconds and waits it has. The position is left
 * as it is. On return 'metrics' are the epoch's. Fails if a loss isn't finite, or if the run leaves early
 * (requests.h). Collective over the grid's ranks. */
int spine_epochend_run(struct spine_trainer *run, struct spine_metrics *metrics,
                       struct spine_error *err);

#endif
