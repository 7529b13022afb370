/* cache.h -- a run's input in any form, converted to vectors.h5 once and then reused. */
#ifndef SPINE_FILES_CACHE_H
#define SPINE_FILES_CACHE_H

#include "spine/config/config.h"
#include "spine/ranks/comm.h"

/* Set config->input to the vectors.h5 to train on. That is the input itself if it is one, else the
 * converted file: data.cache, or input.h5 in 'directory', which is created if need be. The input is
 * converted unless that file exists and records (inputfacts.h) that it was made from the input and
 * the list of words as they are: names, sizes and times of modification are equal. Files of earlier
 * versions and of spine-convert have no such record. If 'directory' has a run that was trained on
 * other rows and isn't to be replaced, this is refused, and the file stays as it was. Collective;
 * options must be equal on all ranks. */
int spine_cache_use(struct spine_config *config, const char *directory, struct spine_comm *comm,
                    struct spine_error *err);

#endif
