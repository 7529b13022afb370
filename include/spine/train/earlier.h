/* earlier.h -- what a configuration takes from an earlier run, which it resumes or starts from.
 *
 * The objective, if model.objective isn't set: runs that earlier versions began without it are
 * SPINE's. Then the defaults: before objectives had their own (config.h), runs began with the
 * general defaults, which fix their results, and the same configuration must be able to resume
 * them. A run that was begun with the same values set is resumed alike. */
#ifndef SPINE_TRAIN_EARLIER_H
#define SPINE_TRAIN_EARLIER_H

#include <stdbool.h>

#include "spine/config/config.h"
#include "spine/ranks/comm.h"

/* Read the checkpoint from which the configuration resumes, if there is one. Take its objective,
 * and set each option that has a general default there to that, unless the user set the option or
 * the run will be replaced. Without a checkpoint, take the objective of the run that
 * train.start_from names. The objective isn't taken if options are set that it doesn't use. Logs
 * what it takes. The configuration needn't be checked. Collective; config must be equal on all
 * ranks, and stays equal. */
int spine_earlier_keep(struct spine_config *config, struct spine_comm *comm,
                       struct spine_error *err);

/* Does the configuration begin a model of its own? Not if it starts from another run or a named
 * checkpoint, or if the directory has a checkpoint that it may resume: one that it won't replace,
 * as far as options tell. (That a checkpoint is damaged or of another input is found later.)
 * Collective. */
int spine_earlier_is_new(const struct spine_config *config, struct spine_comm *comm, bool *is_new,
                         struct spine_error *err);

#endif
