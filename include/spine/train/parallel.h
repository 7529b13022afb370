/* parallel.h -- which grid of ranks a run uses (parallel.grid), and each rank's share of the
 * batch. */
#ifndef SPINE_TRAIN_PARALLEL_H
#define SPINE_TRAIN_PARALLEL_H

#include "spine/config/config.h"
#include "spine/math/partition.h"
#include "spine/ranks/grid.h"
#include "spine/train/stepcost.h"

struct spine_parallel {
    struct spine_grid grid; /* owned */
    struct spine_sharing sharing;
    int num_idle;               /* ranks that aren't in the grid */
    bool is_by_rows;            /* with nnse, ranks divide only the rows */
    bool is_measured;           /* the grid was chosen by its cost: */
    struct spine_stepcost cost; /* the measured cost, */
    double measured_seconds;    /* the duration of the measurement */
};

/* The most groups and columns of a grid for an input of num_rows rows (0: unknown). Local. */
struct spine_grid_wish spine_parallel_limits(const struct spine_config *config, size_t num_rows);

/* How num_rows rows of dim numbers are divided in a grid, for group 0 and column 0. With nnse,
 * which has no batches, all ranks have equally many, in file order. Local. */
struct spine_sharing spine_parallel_sharing(const struct spine_config *config, size_t num_rows,
                                            size_t dim, int groups, int columns);

/* Make the grid for an input of num_rows rows of dim numbers. parallel.grid = auto chooses the grid
 * that is expected to be the fastest (stepcost.h), which may leave ranks idle. In four cases it
 * doesn't measure, and uses all ranks of as many hosts as there can be groups: if 'dim' is 0; if
 * the grid changes the results (parallel.reproducible = no); if ranks divide only rows (nnse); if
 * the environment has SPINE_MEASURE=0. Refuses a grid that doesn't fit the ranks. Collective. */
int spine_parallel_init(struct spine_parallel *parallel, const struct spine_config *config,
                        struct spine_comm *comm, size_t num_rows, size_t dim,
                        struct spine_error *err);

/* Log how the ranks divide the work, and why. Local. */
void spine_parallel_log(const struct spine_parallel *parallel);

/* Collective; a zeroed struct is left alone. */
void spine_parallel_dispose(struct spine_parallel *parallel);

/* If any rank is idle, wait for the working ranks. Collective over the ranks of
 * spine_parallel_init(). */
void spine_parallel_wait(const struct spine_parallel *parallel, const struct spine_comm *comm);

#endif
