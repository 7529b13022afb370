/* parallel.h -- which grid of ranks a run uses (parallel.grid), and each rank's share of the batch. */
#ifndef SPINE_TRAIN_PARALLEL_H
#define SPINE_TRAIN_PARALLEL_H

#include "spine/config/config.h"
#include "spine/math/partition.h"
#include "spine/ranks/grid.h"

struct spine_parallel {
    struct spine_grid grid; /* owned */
    struct spine_sharing sharing;
    int num_idle; /* ranks that have no place in the grid */
};

/* Make the grid for an input of num_rows rows. Refuses one that doesn't fit the ranks. Collective. */
int spine_parallel_init(struct spine_parallel *parallel, const struct spine_config *config,
                        const struct spine_comm *comm, size_t num_rows, struct spine_error *err);

/* Collective; a zeroed struct is left alone. */
void spine_parallel_dispose(struct spine_parallel *parallel);

/* Wait for the ranks that are at work, if any is idle. Collective over the ranks of init. */
void spine_parallel_wait(const struct spine_parallel *parallel, const struct spine_comm *comm);

#endif
