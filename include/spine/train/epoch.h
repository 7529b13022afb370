/* epoch.h -- an epoch of a run: its steps or, with nnse, codes for all rows and better atoms; then
 * its end (epochend.h) and checkpoints.
 *
 * After anything that can fail on one rank, all ranks agree before the next collective call. All
 * functions are collective over the grid's ranks. */
#ifndef SPINE_TRAIN_EPOCH_H
#define SPINE_TRAIN_EPOCH_H

#include "spine/files/metrics.h"
#include "spine/train/trainer.h"

/* Call before the first epoch: prepares what the objective needs besides the parameters. */
int spine_epoch_begin(struct spine_trainer *run, struct spine_error *err);

/* Train for the rest of the epoch that run->position is in, and move the position to the next one.
 * On entry 'metrics' are those of the epoch before, or zero, and on return those of this epoch.
 * Fails with status 75 if the run leaves early. */
int spine_epoch_run(struct spine_trainer *run, struct spine_metrics *metrics,
                    struct spine_error *err);

#endif
