/* epoch.h -- an epoch of a run: its steps, then its metrics, measures, checkpoints, and what happens to units
 * between epochs.
 *
 * After anything that can fail on one rank, all ranks agree before the next collective call. All of this is
 * collective over the grid's ranks. */
#ifndef SPINE_TRAIN_EPOCH_H
#define SPINE_TRAIN_EPOCH_H

#include "spine/files/metrics.h"
#include "spine/train/trainer.h"

/* Before the first epoch: what the objective needs beside the parameters. */
int spine_epoch_begin(struct spine_trainer *run, struct spine_error *err);

/* Train for the rest of the epoch that run->position is in, and move the position to the next one. 'metrics'
 * are the epoch's before, and become its own; they begin as 0. Fails with status 75 where the run
 * leaves early. */
int spine_epoch_run(struct spine_trainer *run, struct spine_metrics *metrics,
                    struct spine_error *err);

#endif
