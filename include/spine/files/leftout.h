/* leftout.h -- the rows of a file that were left out on any rank, gathered on rank 0. */
#ifndef SPINE_FILES_LEFTOUT_H
#define SPINE_FILES_LEFTOUT_H

#include <stddef.h>
#include <stdint.h>

#include "spine/ranks/comm.h"
#include "spine/text/vectors.h"

enum { SPINE_LEFTOUT_REASONS = SPINE_ROW_DUPLICATE + 1 };

/* A list of lines, ascending. */
struct spine_leftout_list {
    uint64_t *at; /* owned; (count) */
    size_t count;
};

/* On rank 0; on others empty. A zeroed one is empty. */
struct spine_leftout {
    struct spine_leftout_list lines[SPINE_LEFTOUT_REASONS]; /* by enum spine_vectors_reason */
};

/* Gather the lines that the ranks left out on rank 0. Collective. */
int spine_leftout_gather(struct spine_leftout *leftout, struct spine_comm *comm,
                         const struct spine_vectors *vectors, struct spine_error *err);

void spine_leftout_dispose(struct spine_leftout *leftout);

#endif
