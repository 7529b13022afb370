/* revive.h -- reviving idle units, which no word activates any more, from badly fitted rows.
 *
 * A unit is idle in an epoch if no row, with its noise, activated it. A unit that has been idle for
 * a given number of successive epochs is revived from the row x with the largest reconstruction
 * error (the next unit from the next worst row). With the row's residual e = x - y:
 *
 *     W2_j = e,  W1_j = w e / |e|,  b1_j = 1/2 - W1_j x,    w = min(1 / |e|, mean |W1| of active units)
 *
 * so that it is half active for that row and adds what the row lacks. Its moments start at zero.
 * The result is the same on any number of ranks.
 *
 * If the input is already well explained, the residuals are mostly noise; a unit revived from them
 * would be active for any row and ruin the training. So only rows with |e| >= 2 sigma are used,
 * where sigma is the standard deviation of the training's noise; w is bounded; and at most a tenth
 * of the units is revived at a time. If the reconstruction loss rises in the next epoch, the
 * revived units are silenced, and neither they nor units that are idle then are revived again. */
#ifndef SPINE_TRAIN_REVIVE_H
#define SPINE_TRAIN_REVIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spine/math/coder.h"
#include "spine/train/dataset.h"
#include "spine/train/stepper.h"

struct spine_idle {
    size_t hidden;
    double noise;    /* sigma */
    int32_t *epochs; /* owned; (H): idle epochs so far; -1: active in this epoch; or one of: */
};
enum {
    SPINE_IDLE_REVIVED = INT32_MIN,      /* at the end of the epoch before */
    SPINE_IDLE_GIVEN_UP = INT32_MIN / 2, /* not to be revived again */
};

int spine_idle_init(struct spine_idle *idle, size_t hidden, double noise, struct spine_error *err);
void spine_idle_dispose(struct spine_idle *idle);

/* Record a step's active units; h_sum, (H), is summed over all ranks. */
void spine_idle_note(struct spine_idle *idle, const int64_t *h_sum);

/* Count an epoch at its end. Returns the number of units idle for 'after' epochs or more. */
size_t spine_idle_count(struct spine_idle *idle, int64_t after);

/* Settle the units revived at the end of the epoch before: keep them or, if the loss rose, silence
 * them. Returns the number of units silenced. Collective. */
size_t spine_idle_settle(struct spine_idle *idle, bool rose, struct spine_stepper *stepper);

/* Revive units that have been idle for 'after' epochs or more, if there are rows for them; *revived
 * is their number. Overwrites coder. Collective. */
int spine_revive(struct spine_idle *idle, int64_t after, struct spine_stepper *stepper,
                 struct spine_dataset *data, struct spine_coder *coder, size_t *revived,
                 struct spine_error *err);

#endif
