/* cache.h -- the input of a run, in any form: converted to vectors.h5 once, then reused. */
#ifndef SPINE_FILES_CACHE_H
#define SPINE_FILES_CACHE_H

#include "spine/config/config.h"
#include "spine/ranks/comm.h"

/* Set config->input to the vectors.h5 to train on: the input itself if it is one, else the file
 * that it was converted to, data.cache or input.h5 in 'directory', which is made if it doesn't exist.
 * It is converted unless that file exists, was made of a file of this name and is no older than it.
 * Collective; options must be equal on all ranks. */
int spine_cache_use(struct spine_config *config, const char *directory, struct spine_comm *comm,
                    struct spine_error *err);

#endif
