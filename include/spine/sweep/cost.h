/* cost.h -- what a sweep would take: time and memory, from a short calibration.
 *
 * Steps are measured for some of the trials' shapes, small and large: with half of the units
 * active, as at the beginning of a training, and with a tenth, as in most of it. The time of the
 * others follows from their batch times their units. It is an estimate: of the steps alone, on this
 * machine as busy as it is. */
#ifndef SPINE_SWEEP_COST_H
#define SPINE_SWEEP_COST_H

#include <stdint.h>
#include <stdio.h>

#include "spine/ranks/comm.h"
#include "spine/sweep/halving.h"
#include "spine/sweep/trials.h"

struct spine_cost {
    double least, most; /* seconds of a trial, trained to the end */
    double total;       /* of all; by asha about what its rungs leave */
    uint64_t memory;    /* bytes of a rank, at most */
    int ranks;          /* of a group, on which it was measured */
};

/* Measure, on the first trials->ranks_per_trial of the ranks, or all if they are fewer.
 * Collective; the result is equal on all ranks. */
int spine_cost_measure(const struct spine_trials *trials, struct spine_comm *world,
                       struct spine_cost *cost, struct spine_error *err);

/* Say it in two lines. */
void spine_cost_print(const struct spine_trials *trials, const struct spine_cost *cost, FILE *file);

#endif
