/* shared.h -- do all ranks see the same file? Only ranks of one node see a directory on its
 * disk. */
#ifndef SPINE_FILES_SHARED_H
#define SPINE_FILES_SHARED_H

#include "spine/ranks/comm.h"

/* Fail if a rank doesn't see the file 'path' that rank 0 sees; the message calls it 'what'. Call
 * this before work that needs the file. Collective. */
int spine_shared_check(const struct spine_comm *comm, const char *path, const char *what,
                       struct spine_error *err);

#endif
