/* halving.h -- which trial goes on: asynchronous successive halving (Li et al., "A System for
 * Massively Parallel Hyperparameter Tuning", MLSys 2020).
 *
 * Trials are compared on rungs: after least, least * reduction, least * reduction^2, ... epochs
 * and, on the last rung, after all of them. Of the trials that a rung knows, the best 1 in
 * 'reduction' are sent to the next one as soon as somebody is free; if there are none, a new trial
 * begins. Nobody waits for a rung to fill, so a trial may be sent up that a later one would have
 * beaten. When nothing else is left to do, the best of a rung goes up if nobody has gone up from
 * it: so the last rung isn't left empty by few trials. With one rung it is plain search: each
 * trial, in order.
 *
 * Pure: no files, no communication. */
#ifndef SPINE_SWEEP_HALVING_H
#define SPINE_SWEEP_HALVING_H

#include <stdint.h>

#include "spine/sweep/goal.h"

enum { SPINE_HALVING_RUNGS = 32 };

struct spine_halving {
    const struct spine_goal *goal; /* borrowed */
    size_t num_rungs;
    int64_t reduction;
    int64_t epochs[SPINE_HALVING_RUNGS]; /* of each rung, ascending */
};

/* The rungs from 'least' epochs to 'most'. */
void spine_halving_init(struct spine_halving *halving, const struct spine_goal *goal, int64_t least,
                        int64_t reduction, int64_t most);

/* A trial, as far as it is known. */
struct spine_contender {
    size_t done; /* rungs that it has finished */
    size_t sent; /* rungs that it has finished or was sent to; done or done + 1 */
    enum { SPINE_CONTENDER_FREE, SPINE_CONTENDER_BUSY, SPINE_CONTENDER_FAILED } state;
    struct spine_scores *scores; /* borrowed; (done): on each rung */
};

/* What somebody who is free should do. */
enum spine_halving_verdict {
    SPINE_HALVING_TRAIN, /* train *trial up to rung *rung */
    SPINE_HALVING_WAIT,  /* for those that are busy: there may be something then */
    SPINE_HALVING_OVER,  /* nothing: all is done or in hand */
};
enum spine_halving_verdict spine_halving_next(const struct spine_halving *halving,
                                              const struct spine_contender *contenders,
                                              size_t count, size_t *trial, size_t *rung);

#endif
