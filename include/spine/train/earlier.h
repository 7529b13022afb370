/* earlier.h -- resuming a run that was begun with the general defaults.
 *
 * Before objectives had their own defaults (config.h), runs began with the general defaults, which
 * fix their results. The same configuration must be able to resume them. A run that was begun with
 * the same values set is resumed alike. */
#ifndef SPINE_TRAIN_EARLIER_H
#define SPINE_TRAIN_EARLIER_H

#include "spine/config/config.h"
#include "spine/ranks/comm.h"

/* Read the checkpoint from which the configuration resumes, if there is one. Set each option that
 * has a general default there to that, unless the user set the option or the run will be replaced,
 * and log it. Collective; config must be equal on all ranks, and stays equal. */
int spine_earlier_keep(struct spine_config *config, struct spine_comm *comm,
                       struct spine_error *err);

#endif
