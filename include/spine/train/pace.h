/* pace.h -- how long a step takes, by measuring some.
 *
 * Steps are measured with half of the units active, as at the beginning of a training, and with a tenth,
 * as in most of it. It is an estimate: of the steps alone, on this machine as busy as it is. */
#ifndef SPINE_TRAIN_PACE_H
#define SPINE_TRAIN_PACE_H

#include "spine/config/config.h"
#include "spine/ranks/comm.h"
#include "spine/train/dataset.h"

/* The mean seconds of a step of a run on the rows of 'whole', which are in the node's memory, on the grid
 * that 'dim' chooses (parallel.h). On a rank that is idle in the grid *seconds is 0. Not for model.objective = nnse, which has no such
 * steps. Collective. */
int spine_pace_measure(const struct spine_config *config, struct spine_comm *comm,
                       const struct spine_dataset *whole, size_t dim, double *seconds,
                       struct spine_error *err);

/* The same of a run on 'rows' rows that has not begun: on the first of them, which are read and scaled.
 * Collective. */
int spine_pace_estimate(const struct spine_config *config, struct spine_comm *comm, size_t rows,
                        double *seconds, struct spine_error *err);

#endif
