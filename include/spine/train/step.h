/* step.h -- one step of training, on all ranks together.
 *
 * A node has one copy of parameters and moments. The ranks of a row group (grid.h) on a node go
 * through a step as a team (team.h), and each phase is divided along an axis that isn't summed
 * over:
 *
 *     noise on the batch's rows, packed         by panels of rows and pieces of columns
 *     z = x' W1' + b1, h, the pairs             by units; if pairs are selected, cuts by rows
 *     y = h W2 + b2, dY                         by rows
 *     dW2, dW1, db1, and the update             by units
 *
 * Silent units, if they are trained, go through z and y once more before the gradient (silence.h).
 *
 * With one group, a gradient never leaves the rank that updates its unit. With more, every group
 * has its own gradient, and every rank sums and updates a slice of units: over the groups of its
 * node, then over the nodes with the same units, together with its peers there. Every sum has an
 * order that doesn't depend on the grid (block.h, tree.h), or is exact (exact.h): all grids compute
 * the same bits.
 *
 * If a group spans several hosts, each has the units of its own ranks, and rows, cuts, y and dY
 * travel between them (chain.h). A node then updates these units only: its parameters and moments
 * of the other hosts' units are old until spine_stepper_gather(). */
#ifndef SPINE_TRAIN_STEP_H
#define SPINE_TRAIN_STEP_H

#include "spine/train/dataset.h"
#include "spine/train/stepper.h"

/* Exact sums (exact.h) over steps on this rank. */
struct spine_step_sums {
    double squares, partial; /* of RL and PSL (model.h) */
    /* The objective's third loss: ASL or L1 of the batch times its rows, on rank 0 only; or this
     * rank's part of the squares of all prefixes. */
    double penalty;
    double active; /* active pairs of row and unit */
    double silent; /* this rank's part of AUX of the batch times its rows (silence.h) */
};

/* How far a run is: 'epoch' complete epochs and 'step' steps of the next one; an epoch of nnse is
 * one step. */
struct spine_position {
    int64_t epoch;
    size_t step;
    struct spine_step_sums sums; /* of these steps */
    double waited, seconds;      /* this rank's wait for others in these steps; their time */
};

/* Train on the next batch, step position->step of the epoch for which the data are shuffled. Adds
 * its losses to position->sums and advances position->step. Fails on all ranks alike, with
 * parameters and position unchanged, if a loss isn't finite. Collective. */
int spine_stepper_step(struct spine_stepper *stepper, struct spine_dataset *data,
                       struct spine_position *position, struct spine_error *err);

#endif
