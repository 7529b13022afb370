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

#include <stdbool.h>

#include "spine/config/config.h"
#include "spine/math/block.h"
#include "spine/math/model.h"
#include "spine/math/optimizer.h"
#include "spine/ranks/grid.h"
#include "spine/ranks/timeline.h"
#include "spine/train/dataset.h"
#include "spine/train/stepmemory.h"

/* What any rank may ask of all; they learn of it in the same step. */
enum spine_request { SPINE_REQUEST_SAVE, SPINE_REQUEST_LEAVE, SPINE_REQUEST_HURRY, SPINE_REQUESTS };

/* What a run's steps are computed by. */
struct spine_step_settings {
    size_t dim, hidden; /* D, H */
    uint64_t seed;      /* of the initial parameters */
    struct spine_activation activation;
    bool is_tied; /* W2 is W1 */
    int64_t first_k,
        falling_epochs; /* k falls from this one to the activation's in so many epochs; 0: never */
    struct spine_loss_weights weights;
    double noise; /* standard deviation */
    enum spine_kernel_choice kernel;
    enum spine_optimizer_kind optimizer;
    double momentum, beta2;
    struct spine_schedule schedule;
    enum spine_wire wire; /* between nodes */
};

/* The settings of a configuration for these data. Local. */
struct spine_step_settings spine_step_settings(const struct spine_config *config,
                                               const struct spine_dataset *data);

struct spine_stepper {
    struct spine_step_settings settings;

    /* Set by the caller before a step: this rank's requests, which the step turns into those of any
     * rank; and where to record it (borrowed; NULL: nowhere). */
    bool requests[SPINE_REQUESTS];
    struct spine_timeline *recording;

    struct spine_params params;       /* the node's */
    struct spine_optimizer optimizer; /* its moments are the node's */
    enum spine_mode mode;             /* of the next step */
    int64_t *h_sum; /* (H) of the last step's whole batch, in 1/SPINE_BLOCK_SCALE; the node's */
    double waited;  /* seconds that this rank has waited for others, all told */

    struct spine_grid *grid;         /* borrowed */
    struct spine_step_memory memory; /* owned: where all of this is, and the rest */
};

/* What steps add up to on this rank, exactly (exact.h); penalty, of the whole batch, is rank 0's. */
struct spine_step_sums {
    double squares, partial; /* of losses (model.h) */
    double penalty;          /* ASL, or L1 if it has a weight, times the rows of its batch */
    double active;           /* pairs of row and unit */
};

/* How far a run is: 'step' steps into the epoch after 'epoch' whole ones. */
struct spine_position {
    int64_t epoch;
    size_t step;
    struct spine_step_sums sums; /* of these steps */
    double waited, seconds;      /* that they took: for other ranks, on this rank; in all */
};

/* Allocate all for the batches of 'data', and draw initial parameters. 'grid' is borrowed. Collective
 * over its ranks. */
int spine_stepper_init(struct spine_stepper *stepper, struct spine_grid *grid,
                       const struct spine_step_settings *settings, const struct spine_dataset *data,
                       struct spine_error *err);

/* Collective; a zeroed struct is left alone. */
void spine_stepper_dispose(struct spine_stepper *stepper);

/* Wait until all ranks of the node are here, so that one may read or write the parameters. */
void spine_stepper_meet(struct spine_stepper *stepper);

/* The events that a step records at most. */
size_t spine_stepper_most_events(void);

/* Train on the next batch: step position->step of the epoch, for which the data are shuffled. Adds
 * its losses to position->sums and counts it. Fails on all ranks alike, with the parameters and the
 * position as they were, when a loss isn't finite. Collective. */
int spine_stepper_step(struct spine_stepper *stepper, struct spine_dataset *data,
                       struct spine_position *position, struct spine_error *err);

#endif
