/* train.h -- a run: from vectors.h5 to a model and its codes. */
#ifndef SPINE_TRAIN_TRAIN_H
#define SPINE_TRAIN_TRAIN_H

#include "spine/config/config.h"
#include "spine/ranks/comm.h"
#include "spine/train/dataset.h"

/* Train as configured and write the run's directory (rundir.h), or resume the run in it. 'whole' is
 * the input, already read and scaled for this configuration (nodedata.h). If it is NULL, the input
 * is read, and a description of the machine is logged (preflight.h). Unless 'timeline' is NULL, the
 * beginning of the last epoch is recorded in that file (timeline.h). Collective; config and
 * timeline are equal on all ranks, and so is the result. */
int spine_train(const struct spine_config *config, struct spine_comm *comm,
                const struct spine_dataset *whole, const char *timeline, struct spine_error *err);

/* Fail if a run that was trained to its last epoch has diverged (metrics.h); its results are left
 * unchanged. Collective. */
int spine_train_check(const struct spine_config *config, struct spine_comm *comm,
                      struct spine_error *err);

#endif
