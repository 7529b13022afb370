/* stepcost.h -- a model of the time of a training step on a grid of ranks, with measured constants.
 *
 * With R groups of C ranks, one group on each host, H units and B rows, a step is predicted to take
 *
 *     s(C) (B/R row + ceil(H/C) C (unit + B/R pair)) / C  +  m(C) meetings  +  travel(R)
 *
 * s(C) is how much ranks slow each other down, m(C) the cost of a meeting; both are interpolated
 * between 1 and all ranks of a host. travel(R) is the time of the gradient's slices between hosts.
 * If a group spans S hosts, each draws the noise of all its rows, and 3 B/R D numbers travel
 * between them (chain.h). The grid never changes what is computed (step.h), so a wrong constant
 * only costs time. */
#ifndef SPINE_TRAIN_STEPCOST_H
#define SPINE_TRAIN_STEPCOST_H

#include <stdbool.h>
#include <stddef.h>

#include "spine/config/config.h"
#include "spine/ranks/grid.h"

struct spine_stepcost {
    struct spine_grid_nodes nodes; /* hosts, and the ranks of the smallest */
    size_t num_rows;               /* of the input; 0: unknown */
    size_t dim, hidden, batch_size;
    size_t prefixes, most_k; /* as in spine_step_shape */
    size_t number;           /* bytes of a number of the gradient that is sent between hosts */
    /* Seconds on one rank alone. */
    double row;  /* for each row: its noise */
    double unit; /* for each unit: reading and updating its weights and moments */
    double pair; /* for each pair of row and unit */
    /* With all ranks of a host working. */
    double slowdown; /* 1 or more */
    double meeting;  /* seconds */
    /* Between hosts: seconds of an exchange, and of each byte. */
    double latency, byte;
};

/* May the grid be chosen by its cost? Not if it changes the results (parallel.reproducible = no) or
 * if ranks divide only rows (nnse). Local. */
bool spine_stepcost_applies(const struct spine_config *config);

/* Measure the constants for this configuration and an input of num_rows rows (0: unknown) of 'dim'
 * numbers, in about a tenth of a second. The result is equal on all ranks. Collective. */
int spine_stepcost_measure(struct spine_stepcost *cost, const struct spine_config *config,
                           struct spine_comm *comm, size_t num_rows, size_t dim,
                           struct spine_error *err);

/* The hosts of a group of so many columns: all ranks of each, or one host. Local. */
int spine_stepcost_hosts(const struct spine_stepcost *cost, int columns);

/* Predict the seconds of a step on a grid, which has no more groups than the batch can have
 * (partition.h): INFINITY if messages between its hosts would be too long
 * (spine_step_memory_check()). Local. */
double spine_stepcost_predict(const struct spine_stepcost *cost, int groups, int columns);

/* The next grid to consider after R x C, or the first if R is 0; false if there is none. R is a
 * power of two; for each R, a group has 1, 2, 3, 4, 6, ... and all ranks of a host, then those of
 * 2, 4, ... and as many hosts as there are for each group. Local. */
bool spine_stepcost_next_grid(const struct spine_stepcost *cost, int most_groups, int most_columns,
                              int *groups, int *columns);

/* Find the grid with the shortest predicted step, up to most_groups and most_columns; among grids
 * that are nearly as fast, the fastest of those with the fewest ranks. Local. */
void spine_stepcost_choose(const struct spine_stepcost *cost, int most_groups, int most_columns,
                           int *groups, int *columns);

/* The next column count to consider after 'columns', up to 'most': 1, 2, 3, 4, 6, 8, 12, ..., most;
 * 0 after that. Local. */
int spine_stepcost_next(int columns, int most);

#endif
