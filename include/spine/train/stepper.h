/* stepper.h -- what all steps of a run work on, and how their ranks meet. */
#ifndef SPINE_TRAIN_STEPPER_H
#define SPINE_TRAIN_STEPPER_H

#include "spine/math/model.h"
#include "spine/math/optimizer.h"
#include "spine/ranks/grid.h"
#include "spine/ranks/timeline.h"
#include "spine/train/dataset.h"
#include "spine/train/stepmemory.h"
#include "spine/train/stepsettings.h"

/* What any rank may request of all; they learn of it in the same step. */
enum spine_request { SPINE_REQUEST_SAVE, SPINE_REQUEST_LEAVE, SPINE_REQUEST_HURRY, SPINE_REQUESTS };

/* What ranks tell each other when they meet: requests, by their bits, and a loss that isn't finite. */
enum { SPINE_STEP_NOT_FINITE = 1 << SPINE_REQUESTS, SPINE_STEP_FLAGS = SPINE_REQUESTS + 1 };
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

/* Allocate all for the batches of 'data', and draw initial parameters. 'grid' is borrowed. Collective
 * over its ranks. */
int spine_stepper_init(struct spine_stepper *stepper, struct spine_grid *grid,
                       const struct spine_step_settings *settings, const struct spine_dataset *data,
                       struct spine_error *err);

/* Collective; a zeroed struct is left alone. */
void spine_stepper_dispose(struct spine_stepper *stepper);

/* Wait until all ranks of the node are here, so that one may read or write the parameters. */
void spine_stepper_meet(struct spine_stepper *stepper);

/* Wait until all ranks of a team are here; returns the flags of them all. Counts the time as waited. */
uint64_t spine_stepper_meet_team(struct spine_stepper *stepper, struct spine_team *team,
                                 uint64_t flags);

/* Record what this rank does between two calls, if a timeline is wanted. */
double spine_stepper_begin_span(const struct spine_stepper *stepper);
void spine_stepper_end_span(struct spine_stepper *stepper, const char *name, double begun);

/* The events that a step records at most. */
size_t spine_stepper_most_events(void);

#endif
