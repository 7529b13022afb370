/* pace.h -- the duration of a step, measured.
 *
 * Steps are measured with half of the units active, as at the beginning of a run, and with a tenth,
 * as in most of it. The result is an estimate, for steps only, at the machine's present load. */
#ifndef SPINE_TRAIN_PACE_H
#define SPINE_TRAIN_PACE_H

#include "spine/config/config.h"
#include "spine/ranks/comm.h"
#include "spine/train/dataset.h"

/* Measure the mean seconds of a step on the rows of 'whole', which are in the node's memory, on the
 * grid that spine_parallel_init() makes for 'dim'. On a rank that is idle in the grid *seconds is
 * 0. Not for model.objective = nnse, which has no steps. Collective. */
int spine_pace_measure(const struct spine_config *config, struct spine_comm *comm,
                       const struct spine_dataset *whole, size_t dim, double *seconds,
                       struct spine_error *err);

/* The same for a run on 'rows' rows that hasn't begun: the first rows of the input are read, scaled
 * and used. Collective. */
int spine_pace_estimate(const struct spine_config *config, struct spine_comm *comm, size_t rows,
                        double *seconds, struct spine_error *err);

#endif
