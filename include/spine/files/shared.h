/* shared.h -- do all ranks see the same file? A directory on a node's own disk is rank 0's only. */
#ifndef SPINE_FILES_SHARED_H
#define SPINE_FILES_SHARED_H

#include "spine/ranks/comm.h"

/* Fail if another rank than 0 doesn't see the file 'path' that rank 0 sees; the message calls it
 * 'what'. To be called before the work that needs it. Collective. */
int spine_shared_check(const struct spine_comm *comm, const char *path, const char *what,
                       struct spine_error *err);

#endif
