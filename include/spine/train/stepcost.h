/* stepcost.h -- what a step of training costs on a grid of ranks: a model, and its constants, measured.
 *
 * With R groups of C ranks, one group a host, H units and B rows, a step is expected to take
 *
 *     s(C) (B/R row + ceil(H/C) C (unit + B/R pair)) / C  +  m(C) meetings  +  travel(R)
 *
 * s(C) is by how much ranks slow each other down, m(C) what it costs them to meet, both in proportion
 * to the ranks of a host between 1 and all; travel(R) is that of the gradient's slices between hosts.
 * The grid never changes what is computed (step.h): a wrong constant costs time only. */
#ifndef SPINE_TRAIN_STEPCOST_H
#define SPINE_TRAIN_STEPCOST_H

#include <stdbool.h>
#include <stddef.h>

#include "spine/config/config.h"
#include "spine/ranks/grid.h"

struct spine_stepcost {
    struct spine_grid_nodes nodes; /* hosts, and the ranks of the smallest */
    size_t dim, hidden, batch_size;
    size_t number; /* bytes of a number on its way between hosts */
    /* Seconds of one rank alone. */
    double row;  /* for each row: its noise */
    double unit; /* for each unit: its weights and moments, read and updated */
    double pair; /* for each row and unit */
    /* With all ranks of a host at work. */
    double slowdown; /* 1 or more */
    double meeting;  /* seconds */
    /* Between hosts: seconds of an exchange, and of a byte more. */
    double latency, byte;
};

/* Is the grid's only effect on a run how long it takes, so that its cost may choose it? Not where it
 * changes results (parallel.reproducible = no), nor where ranks share out rows alone (nnse). Local. */
bool spine_stepcost_applies(const struct spine_config *config);

/* Measure the constants for this configuration and rows of 'dim' numbers, in about a tenth of a second.
 * They are equal on all ranks. Collective. */
int spine_stepcost_measure(struct spine_stepcost *cost, const struct spine_config *config,
                           struct spine_comm *comm, size_t dim, struct spine_error *err);

/* The seconds that a step is expected to take on a grid of 'groups' hosts. Local. */
double spine_stepcost_predict(const struct spine_stepcost *cost, int groups, int columns);

/* The grid of at most most_groups and most_columns that is expected to be the fastest; of those that are
 * nearly as fast, the one of the fewest ranks. groups is a power of two. Local. */
void spine_stepcost_choose(const struct spine_stepcost *cost, int most_groups, int most_columns,
                           int *groups, int *columns);

/* The next column count to consider after 'columns', up to 'most': 1, 2, 3, 4, 6, 8, 12, ..., most; 0
 * after that. Local. */
int spine_stepcost_next(int columns, int most);

#endif
