/* refitting.h -- the refit of a run's decoder (refit.h), announced if it is long, and logged. */
#ifndef SPINE_TRAIN_REFITTING_H
#define SPINE_TRAIN_REFITTING_H

#include "spine/train/trainer.h"

/* Refit W2 and b2 to the clean codes. Fails if the run leaves early (requests.h); the parameters
 * are unchanged then. Collective over the grid's ranks. */
int spine_refitting_run(struct spine_trainer *run, struct spine_error *err);

#endif
