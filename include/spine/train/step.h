/* step.h -- one step of training, on all ranks together.
 *
 * A node has one copy of parameters and moments. The ranks of a row group (grid.h) go through a step
 * as a team (team.h), and each phase is cut along what needn't be summed:
 *
 *     noise on the batch's rows, packed         by panels of rows and pieces of columns
 *     z = x' W1' + b1, h, the pairs             by units; where pairs are selected, cuts by rows
 *     y = h W2 + b2, dY                         by rows
 *     dW2, dW1, db1, and the update             by units
 *
 * With one group, a gradient never leaves the rank that updates its unit. With more, every group
 * has a gradient of its own, and every rank adds up and updates a slice of units: over the groups of
 * its node, and over the nodes with the ranks of the same place there. Every sum has an order that
 * doesn't depend on the grid (block.h, tree.h), or is exact (exact.h): all grids compute the same
 * bits. */
#ifndef SPINE_TRAIN_STEP_H
#define SPINE_TRAIN_STEP_H

#include "spine/train/dataset.h"
#include "spine/train/stepper.h"

/* What steps add up to on this rank, exactly (exact.h). */
struct spine_step_sums {
    double squares, partial; /* of losses (model.h) */
    /* Of the loss that is neither squares nor partial, of which an objective has one: ASL or L1 of the
     * batch times its rows, on rank 0 alone; or this rank's part of the squares of all prefixes. */
    double penalty;
    double active; /* pairs of row and unit */
};

/* How far a run is: 'step' steps into the epoch after 'epoch' whole ones. */
struct spine_position {
    int64_t epoch;
    size_t step;
    struct spine_step_sums sums; /* of these steps */
    double waited, seconds;      /* that they took: for other ranks, on this rank; in all */
};

/* Train on the next batch: step position->step of the epoch, for which the data are shuffled. Adds
 * its losses to position->sums and counts it. Fails on all ranks alike, with the parameters and the
 * position as they were, when a loss isn't finite. Collective. */
int spine_stepper_step(struct spine_stepper *stepper, struct spine_dataset *data,
                       struct spine_position *position, struct spine_error *err);

#endif
