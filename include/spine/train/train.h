/* train.h -- the run: from vectors.h5 to a model and its codes. */
#ifndef SPINE_TRAIN_TRAIN_H
#define SPINE_TRAIN_TRAIN_H

#include "spine/config/config.h"
#include "spine/ranks/comm.h"
#include "spine/train/dataset.h"

/* Train as the configuration says and write the run's directory (rundir.h). 'whole' is the input,
 * read and scaled as the configuration says (nodedata.h); NULL: read it, and say where the run runs
 * (preflight.h). If 'timeline' isn't NULL,
 * record the beginning of the last epoch there (timeline.h). Collective; config and timeline are
 * equal on all ranks, and so is the result. */
int spine_train(const struct spine_config *config, struct spine_comm *comm,
                const struct spine_dataset *whole, const char *timeline, struct spine_error *err);

#endif
