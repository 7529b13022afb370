/* parallel.h -- which grid of ranks a run uses (parallel.grid), and each rank's share of the batch. */
#ifndef SPINE_TRAIN_PARALLEL_H
#define SPINE_TRAIN_PARALLEL_H

#include "spine/config/config.h"
#include "spine/math/partition.h"
#include "spine/ranks/grid.h"
#include "spine/train/stepcost.h"

struct spine_parallel {
    struct spine_grid grid; /* owned */
    struct spine_sharing sharing;
    int num_idle;               /* ranks that have no place in the grid */
    bool is_measured;           /* the grid was chosen by its cost: */
    struct spine_stepcost cost; /* measured here, */
    double measured_seconds;    /* how long that took */
};

/* Make the grid for an input of num_rows rows of dim numbers. parallel.grid = auto takes the grid that
 * is expected to be the fastest (stepcost.h), which may leave ranks idle. It takes all ranks of all
 * hosts, or of as many as there can be groups, without measuring where 'dim' is 0, the grid changes
 * the results (parallel.reproducible = no), or the ranks share out rows only (nnse), or the environment has SPINE_MEASURE=0. Refuses a grid
 * that doesn't fit the ranks. Collective. */
int spine_parallel_init(struct spine_parallel *parallel, const struct spine_config *config,
                        struct spine_comm *comm, size_t num_rows, size_t dim,
                        struct spine_error *err);

/* Say how the ranks share the work, and why. Local. */
void spine_parallel_log(const struct spine_parallel *parallel);

/* Collective; a zeroed struct is left alone. */
void spine_parallel_dispose(struct spine_parallel *parallel);

/* Wait for the ranks that are at work, if any is idle. Collective over the ranks of init. */
void spine_parallel_wait(const struct spine_parallel *parallel, const struct spine_comm *comm);

#endif
