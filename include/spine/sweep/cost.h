/* cost.h -- the time and memory that a sweep needs, estimated from a short calibration.
 *
 * Steps are measured for some of the trials' shapes, small and large: with half of the units
 * active, as at the beginning of a run, and with a tenth, as in most of it. Times of other shapes
 * are interpolated by batch size times units. The estimate is for steps only, at the machine's
 * present load. */
#ifndef SPINE_SWEEP_COST_H
#define SPINE_SWEEP_COST_H

#include <stdint.h>
#include <stdio.h>

#include "spine/ranks/comm.h"
#include "spine/sweep/halving.h"
#include "spine/sweep/trials.h"

struct spine_cost {
    double least, most; /* seconds of a trial, trained to the end */
    double total;       /* seconds of all trials; with asha, of those that its rungs leave, about */
    uint64_t memory;    /* the most bytes of a rank */
    int ranks;          /* of the group on which it was measured */
};

/* Measure on the first trials->ranks_per_trial ranks, or on all if there are fewer. Collective; the
 * result is equal on all ranks. */
int spine_cost_measure(const struct spine_trials *trials, struct spine_comm *world,
                       struct spine_cost *cost, struct spine_error *err);

/* Print the estimate in two lines. */
void spine_cost_print(const struct spine_trials *trials, const struct spine_cost *cost, FILE *file);

#endif
