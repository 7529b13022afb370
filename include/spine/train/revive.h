/* revive.h -- units that no word makes active any more, and how they get another start.
 *
 * A unit is idle in an epoch in which no row, with its noise, made it active. After so many idle
 * epochs in a row it may be revived: from the row that is reconstructed worst, with the residual
 * e = x - y of it (a further unit gets the next worst row):
 *
 *     W2_j = e,  W1_j = e / |e|^2,  b1_j = 1/2 - W1_j x
 *
 * so that it is half active for that row and adds what the row lacks. Its moments start at zero.
 * The same on any number of ranks, to rounding. */
#ifndef SPINE_TRAIN_REVIVE_H
#define SPINE_TRAIN_REVIVE_H

#include "spine/math/model.h"
#include "spine/math/optimizer.h"
#include "spine/ranks/comm.h"
#include "spine/train/dataset.h"

struct spine_idle {
    size_t hidden;
    int32_t *epochs; /* owned; (H): idle ones so far, or -1: it was active in this epoch */
};

int spine_idle_init(struct spine_idle *idle, size_t hidden, struct spine_error *err);
void spine_idle_dispose(struct spine_idle *idle);

/* Take note of a step: h_sum (H) is summed over all ranks. */
void spine_idle_note(struct spine_idle *idle, const float *h_sum);

/* At the end of an epoch: count it, and return how many units have been idle for 'after' epochs. */
size_t spine_idle_count(struct spine_idle *idle, int64_t after);

/* Revive those units; uses work. Fails on all ranks alike. Collective. */
int spine_revive(struct spine_idle *idle, int64_t after, struct spine_params *params,
                 struct spine_optimizer *optimizer, struct spine_dataset *data,
                 struct spine_comm *comm, struct spine_workspace *work, struct spine_error *err);

#endif
