/* halving.h -- which trial to train next: asynchronous successive halving (Li et al., "A System for
 * Massively Parallel Hyperparameter Tuning", MLSys 2020).
 *
 * Trials are compared on rungs: after least, least * reduction, least * reduction^2, ... epochs
 * and, on the last rung, after all epochs. When a worker is idle, a trial among the best 1 in
 * 'reduction' of those that have finished a rung is promoted to the next rung; if there is none, a
 * new trial begins. No worker waits for a rung to fill, so a trial may be promoted that a later one
 * would have beaten. When no other work is left, the best trial of a rung is promoted if none was
 * promoted from it, so that few trials don't leave the last rung empty. With one rung, each trial
 * is trained, in order.
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

/* The state of a trial. */
struct spine_contender {
    size_t done; /* rungs finished */
    size_t sent; /* rungs finished or promoted to: done or done + 1 */
    enum { SPINE_CONTENDER_FREE, SPINE_CONTENDER_BUSY, SPINE_CONTENDER_FAILED } state;
    struct spine_scores *scores; /* borrowed; (done): on each rung */
};

/* What an idle worker should do next. */
enum spine_halving_verdict {
    SPINE_HALVING_TRAIN, /* train *trial up to rung *rung */
    SPINE_HALVING_WAIT,  /* for a busy worker, whose result may lead to more work */
    SPINE_HALVING_OVER,  /* stop: all trials are finished or being trained */
};
enum spine_halving_verdict spine_halving_next(const struct spine_halving *halving,
                                              const struct spine_contender *contenders,
                                              size_t count, size_t *trial, size_t *rung);

#endif
