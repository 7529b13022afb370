/* revive.h -- idle units, which no word activates any more, restarted from badly fitted rows.
 *
 * A unit is idle in an epoch in which no row, with its noise, activated it. A unit that has been
 * idle for a given number of epochs in a row is revived from the row x with the largest
 * reconstruction error, whose residual is e = x - y (a second unit from the next worst row):
 *
 *     W2_j = e,  W1_j = e / |e|^2,  b1_j = 1/2 - W1_j x
 *
 * so that it is half active for that row and adds what the row lacks. Its moments start at zero.
 * The same on any number of ranks. */
#ifndef SPINE_TRAIN_REVIVE_H
#define SPINE_TRAIN_REVIVE_H

#include "spine/math/coder.h"
#include "spine/train/dataset.h"
#include "spine/train/step.h"

struct spine_idle {
    size_t hidden;
    int32_t *epochs; /* owned; (H): idle epochs so far; -1 if active in this epoch */
};

int spine_idle_init(struct spine_idle *idle, size_t hidden, struct spine_error *err);
void spine_idle_dispose(struct spine_idle *idle);

/* Record a step's active units; h_sum, (H), is of all ranks. */
void spine_idle_note(struct spine_idle *idle, const int64_t *h_sum);

/* Count an epoch at its end. Returns the number of units idle for 'after' epochs or more. */
size_t spine_idle_count(struct spine_idle *idle, int64_t after);

/* Revive those units. Overwrites coder. Collective. */
int spine_revive(struct spine_idle *idle, int64_t after, struct spine_stepper *stepper,
                 struct spine_dataset *data, struct spine_coder *coder, struct spine_error *err);

#endif
