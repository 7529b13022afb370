/* earlier.h -- resume a run that an earlier version began with other defaults.
 *
 * Before objectives had defaults of their own (config.h), a run began with the general ones, which fix its
 * results. The same configuration must be able to resume it. */
#ifndef SPINE_TRAIN_EARLIER_H
#define SPINE_TRAIN_EARLIER_H

#include "spine/config/config.h"
#include "spine/ranks/comm.h"

/* Read the checkpoint that the configuration resumes from, if there is one. Where it has a general default,
 * set the option to it unless the user set the option, and log that. Collective; config must be equal on
 * all ranks, and stays so. */
int spine_earlier_keep(struct spine_config *config, struct spine_comm *comm,
                       struct spine_error *err);

#endif
