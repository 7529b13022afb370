/* step.h -- one step of training, on all ranks together.
 *
 * Holds what training changes: parameters, their gradient, the optimizer. All ranks have the same
 * parameters, to the bit: they begin equal and every rank applies the same sums. */
#ifndef SPINE_TRAIN_STEP_H
#define SPINE_TRAIN_STEP_H

#include "spine/config/config.h"
#include "spine/math/model.h"
#include "spine/math/optimizer.h"
#include "spine/ranks/comm.h"
#include "spine/ranks/sums.h"
#include "spine/ranks/timeline.h"
#include "spine/train/dataset.h"

/* What any rank may ask of all; they learn of it in the same step. */
enum spine_request { SPINE_REQUEST_SAVE, SPINE_REQUEST_LEAVE, SPINE_REQUEST_HURRY, SPINE_REQUESTS };

struct spine_stepper {
    /* Set by the caller, and kept. */
    struct spine_loss_weights weights;
    struct spine_schedule schedule;
    double noise;
    enum spine_kernel_choice kernel;

    /* Asked by this rank before a step; in it they become what any rank has asked. */
    int requests[SPINE_REQUESTS];
    struct spine_timeline *recording; /* borrowed; NULL: steps aren't recorded */

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

/* Allocate all for batches of up to most_rows rows here; draw initial parameters under 'seed'. The
 * fields set by the caller are left alone. Collective. */
int spine_stepper_init(struct spine_stepper *stepper, const struct spine_comm *comm, size_t dim,
                       size_t hidden, size_t most_rows, enum spine_optimizer_kind kind,
                       double momentum, double beta2, uint64_t seed, struct spine_error *err);

/* Collective; a zeroed struct is left alone. */
void spine_stepper_dispose(struct spine_stepper *stepper);

/* The events that a step records at most. */
size_t spine_stepper_most_events(void);

/* Take step 'step' of 'epoch', for which the data are shuffled. Fails on all ranks alike, with the
 * parameters as they were, when a loss isn't finite. Collective. */
int spine_stepper_take(struct spine_stepper *stepper, const struct spine_comm *comm,
                       struct spine_dataset *data, uint32_t epoch, size_t step,
                       struct spine_step_sums *sums, struct spine_error *err);

#endif
