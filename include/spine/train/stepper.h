/* stepper.h -- the state that all steps of a run share, and meetings of ranks. */
#ifndef SPINE_TRAIN_STEPPER_H
#define SPINE_TRAIN_STEPPER_H

#include "spine/math/model.h"
#include "spine/math/optimizer.h"
#include "spine/ranks/grid.h"
#include "spine/ranks/timeline.h"
#include "spine/train/dataset.h"
#include "spine/train/stepmemory.h"
#include "spine/train/stepsettings.h"

/* What any rank may request; all ranks learn of it in the same step. */
enum spine_request { SPINE_REQUEST_SAVE, SPINE_REQUEST_LEAVE, SPINE_REQUEST_HURRY, SPINE_REQUESTS };

/* The flags of a meeting: a bit for each request, and one for a loss that isn't finite. */
enum { SPINE_STEP_NOT_FINITE = 1 << SPINE_REQUESTS, SPINE_STEP_FLAGS = SPINE_REQUESTS + 1 };
struct spine_stepper {
    struct spine_step_settings settings;

    /* Set by the caller before a step: this rank's requests, which the step replaces with those of
     * all ranks; where to record the step (borrowed; NULL: nowhere). */
    bool requests[SPINE_REQUESTS];
    struct spine_timeline *recording;

    /* The node's parameters and moments. If groups span several hosts, those of other hosts' units
     * are old until spine_stepper_gather(). */
    struct spine_params params;
    struct spine_optimizer optimizer;
    enum spine_mode mode; /* of the next step */
    int64_t *h_sum; /* (H): sums of h over the last batch, times SPINE_BLOCK_SCALE; the node's */
    double waited;  /* seconds that this rank has waited for others in all */

    /* Of SPINE_OF_BATCH: how far below the least value that the last batch kept candidates begin,
     * as a share of it. Codes don't depend on it. */
    float margin;

    struct spine_grid *grid;         /* borrowed */
    struct spine_step_memory memory; /* owned; has all of the above */
};

/* The most units that are selected of a row in any step; 0 if none are selected by row. Local. */
size_t spine_stepper_most_k(const struct spine_step_settings *settings);

/* Allocate everything for the batches of 'data', and draw the initial parameters. 'grid' is
 * borrowed. Dispose of the stepper after a failure, too. Collective over the grid's ranks. */
int spine_stepper_init(struct spine_stepper *stepper, struct spine_grid *grid,
                       const struct spine_step_settings *settings, const struct spine_dataset *data,
                       struct spine_error *err);

/* Collective; a zeroed struct is left alone. */
void spine_stepper_dispose(struct spine_stepper *stepper);

/* Wait for all ranks of the node, so that one may read or write the parameters. Collective over
 * them. */
void spine_stepper_meet(struct spine_stepper *stepper);

/* If groups span several hosts, each of which has updated its units only, get the parameters of the
 * others' units, or parameters and moments, so that every node has all. The ranks of a node meet
 * before and after. Collective over the grid's ranks. */
void spine_stepper_gather_params(struct spine_stepper *stepper);
void spine_stepper_gather(struct spine_stepper *stepper);

/* Wait for all ranks of a team. Returns the bitwise OR of their flags. Adds the time to 'waited'.
 * Collective over the team. */
uint64_t spine_stepper_meet_team(struct spine_stepper *stepper, struct spine_team *team,
                                 uint64_t flags);

/* Record what this rank does between the two calls, if there is a timeline. Local. */
double spine_stepper_begin_span(const struct spine_stepper *stepper);
void spine_stepper_end_span(struct spine_stepper *stepper, const char *name, double begun);

/* The most events that a step records. */
size_t spine_stepper_most_events(void);

#endif
