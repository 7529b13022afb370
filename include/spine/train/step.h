/* step.h -- one step of training, on all ranks together.
 *
 * Holds what training changes: parameters, their gradient, the optimizer. All ranks have the same
 * parameters, to the bit: they begin equal and every rank applies the same sums. */
#ifndef SPINE_TRAIN_STEP_H
#define SPINE_TRAIN_STEP_H

#include <stdbool.h>

#include "spine/config/config.h"
#include "spine/math/model.h"
#include "spine/math/optimizer.h"
#include "spine/ranks/comm.h"
#include "spine/ranks/sums.h"
#include "spine/ranks/timeline.h"
#include "spine/train/dataset.h"

/* What any rank may ask of all; they learn of it in the same step. */
enum spine_request { SPINE_REQUEST_SAVE, SPINE_REQUEST_LEAVE, SPINE_REQUEST_HURRY, SPINE_REQUESTS };

/* What a run's steps are computed by. */
struct spine_step_settings {
    size_t dim, hidden; /* D, H */
    size_t most_rows;   /* of a batch on this rank */
    uint64_t seed;      /* of the initial parameters */
    struct spine_loss_weights weights;
    double noise; /* standard deviation */
    enum spine_kernel_choice kernel;
    enum spine_optimizer_kind optimizer;
    double momentum, beta2;
    struct spine_schedule schedule;
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

    struct spine_params params;       /* owned */
    struct spine_optimizer optimizer; /* owned */
    struct spine_workspace work;      /* owned */
    enum spine_mode mode;             /* of the next step on this rank */
    struct spine_sums sums;           /* owned; over ranks, of: */
    struct spine_params gradient;     /* placed in sums.block */
    float *flags;                     /* in sums.block, behind the gradient: requests, failures */
    float *h_sum;                     /* in sums.block; (H) */
    size_t num_slices;                /* that a matrix's gradient is summed in */
};

/* What steps add up to on this rank, but for asl, which is the global batch's. */
struct spine_step_sums {
    double squares, partial; /* of losses (model.h) */
    double asl;              /* ASL times the rows of its batch */
    double active;           /* pairs of row and unit */
};

/* How far a run is: 'step' steps into the epoch after 'epoch' whole ones. */
struct spine_position {
    int64_t epoch;
    size_t step;
    struct spine_step_sums sums; /* of these steps */
    double waited, seconds;      /* that they took: for other ranks, on this rank; in all */
};

/* Allocate all for batches of up to settings->most_rows rows here, and draw initial parameters.
 * Collective. */
int spine_stepper_init(struct spine_stepper *stepper, const struct spine_comm *comm,
                       const struct spine_step_settings *settings, struct spine_error *err);

/* Collective; a zeroed struct is left alone. */
void spine_stepper_dispose(struct spine_stepper *stepper);

/* The events that a step records at most. */
size_t spine_stepper_most_events(void);

/* Train on the next batch: step position->step of the epoch, for which the data are shuffled. Adds
 * its losses to position->sums and counts it. Fails on all ranks alike, with the parameters and the
 * position as they were, when a loss isn't finite. Collective. */
int spine_stepper_step(struct spine_stepper *stepper, const struct spine_comm *comm,
                       struct spine_dataset *data, struct spine_position *position,
                       struct spine_error *err);

#endif
