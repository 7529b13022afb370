/* step.c -- one step of training, on all ranks together. */
#include "spine/train/step.h"

#include <math.h>

#include "spine/train/codes.h"
#include "spine/train/gradient.h"
#include "spine/train/groupsum.h"
#include "spine/train/minibatch.h"
#include "spine/train/penalty.h"
#include "spine/train/reconstruction.h"
#include "spine/train/silence.h"
#include "spine/train/update.h"

static uint64_t own_flags(const struct spine_stepper *stepper, bool is_finite)
{
    uint64_t flags = is_finite ? 0 : SPINE_STEP_NOT_FINITE;

    for (int i = 0; i < SPINE_REQUESTS; i++)
        flags |= (uint64_t)stepper->requests[i] << i;
    return flags;
}

/* Fail because a loss isn't finite on some ranks; name a rank and 'what' isn't finite there (NULL:
 * nothing). */
static int explain(const struct spine_stepper *stepper, const char *what,
                   const struct spine_position *position, struct spine_error *err)
{
    const long long epoch = position->epoch + 1;
    const size_t step = position->step + 1;
    int rc = 0;

    if (what != NULL)
        rc = spine_fail(err,
                        "epoch %lld, step %zu: %s is not finite; a lower train.learning_rate than "
                        "%g may help",
                        epoch, step, what, stepper->settings.schedule.rate);
    if (spine_comm_agree(&stepper->grid->ranks, rc, err) == 0)
        spine_fail(err, "epoch %lld, step %zu: a loss is not finite", epoch, step);
    return -1;
}

/* Lower k linearly, epoch by epoch. */
static void lower_k(struct spine_stepper *stepper, int64_t epoch)
{
    const struct spine_step_settings *settings = &stepper->settings;
    const int64_t last = (int64_t)settings->activation.k, epochs = settings->falling_epochs;
    const int64_t above =
        epoch < epochs ? (settings->first_k - last) * (epochs - epoch) / epochs : 0;

    for (size_t b = 0; b < stepper->memory.num_blocks; b++)
        stepper->memory.codes.blocks[b].activation.k = (size_t)(last + above);
}

/* Prepare a step: its rows, and the mode that all ranks use. */
static void begin(struct spine_stepper *stepper, struct spine_dataset *data,
                  const struct spine_position *position)
{
    struct spine_step_memory *own = &stepper->memory;

    if (!spine_minibatch_is_supplied(stepper, position->epoch, position->step)) {
        spine_minibatch_supply(stepper, data, false, position->epoch, position->step);
        spine_stepper_meet_team(stepper, &stepper->memory.team, 0);
    }
    spine_minibatch_receive(stepper);
    for (size_t b = 0; b < own->num_blocks; b++)
        own->codes.blocks[b].rows = spine_partition_block_rows(&data->part, b, position->step);
    if (stepper->settings.first_k > 0)
        lower_k(stepper, position->epoch);
    if (stepper->memory.node.rank == 0)
        *own->mode = stepper->mode;
    spine_minibatch_draw(stepper, data, position->epoch);
    spine_stepper_meet_team(stepper, &stepper->memory.node, 0);
    const int64_t mode = *own->mode;
    stepper->mode = (enum spine_mode)mode;
}

/* Find the next step's mode, on the first rank of a node for the others, and add the penalty. */
static void finish(struct spine_stepper *stepper, size_t batch_rows,
                   struct spine_position *position)
{
    struct spine_step_memory *own = &stepper->memory;
    const struct spine_grid *grid = stepper->grid;
    int64_t active = 0;

    own->current = 1 - own->current;
    if (grid->node.rank != 0)
        return;
    for (int rank = 0; rank < grid->node.size; rank++)
        active += own->active[rank];
    stepper->mode =
        spine_mode_next(stepper->settings.kernel, stepper->mode,
                        (double)active / ((double)batch_rows * (double)stepper->params.hidden));
    if (grid->ranks.rank == 0 && stepper->settings.prefixes.count == 0)
        position->sums.penalty += spine_penalty_loss(stepper, batch_rows);
}

/* Read the rows of the epoch's next step, if there is one, before waiting for other ranks. */
static void read_ahead(struct spine_stepper *stepper, struct spine_dataset *data,
                       const struct spine_position *position)
{
    const size_t next = position->step + 1;

    stepper->memory.is_supplied = false;
    if (next < spine_partition_steps(&data->part))
        spine_minibatch_supply(stepper, data, true, position->epoch, next);
    spine_stepper_meet_team(stepper, &stepper->memory.team, 0);
}

/* The first sum over ranks: of h, pairs and flags. Fails on all ranks if a loss isn't finite on
 * any. */
static int exchange(struct spine_stepper *stepper, const struct spine_block_sums *sums,
                    double squares, const struct spine_position *position, struct spine_error *err)
{
    const char *what = sums->not_finite     ? "a code"
                       : !isfinite(squares) ? "the reconstruction loss"
                                            : NULL;
    uint64_t flags = own_flags(stepper, what == NULL);

    flags = spine_stepper_meet_team(stepper, &stepper->memory.node, flags);
    flags = spine_groupsum_counts(stepper, flags);
    if (flags & SPINE_STEP_NOT_FINITE)
        return explain(stepper, what, position, err);

    for (int i = 0; i < SPINE_REQUESTS; i++)
        stepper->requests[i] = (flags >> i & 1) != 0;
    if (stepper->grid->hosts > 1) /* what others have counted is there */
        spine_stepper_meet(stepper);
    return 0;
}

int spine_stepper_step(struct spine_stepper *stepper, struct spine_dataset *data,
                       struct spine_position *position, struct spine_error *err)
{
    const size_t batch_rows = spine_partition_batch_rows(&data->part, position->step);
    const bool trains_silent = stepper->settings.silence.k > 0;
    double silent = 0;

    begin(stepper, data, position);                                             /* x' */
    const struct spine_block_sums sums = spine_codes_find(stepper, batch_rows); /* z, h */
    read_ahead(stepper, data, position);
    const struct spine_reconstruction found =
        spine_reconstruction_find(stepper, data, batch_rows); /* y, dY */

    if (exchange(stepper, &sums, found.squares + found.nested, position, err)) /* sum of h */
        return -1;
    if (trains_silent && !spine_silence_find(stepper, data, batch_rows, &silent)) /* dY of theirs */
        return explain(stepper, isfinite(silent) ? NULL : "the loss of silent units", position,
                       err);

    spine_penalty_add(stepper, batch_rows);
    spine_optimizer_begin(&stepper->optimizer, spine_schedule_rate(&stepper->settings.schedule,
                                                                   stepper->optimizer.steps));
    spine_gradient_find(stepper, batch_rows); /* dW1, dW2, db1, db2 */
    if (stepper->grid->groups > 1)
        spine_update_slice(stepper); /* sum of the gradient */

    if (trains_silent)
        spine_silence_count(stepper, batch_rows);
    finish(stepper, batch_rows, position);
    position->sums.squares += found.squares;
    if (stepper->settings.prefixes.count > 0)
        position->sums.penalty += found.nested;
    position->sums.partial += (double)sums.partial / SPINE_BLOCK_SCALE;
    position->sums.active += (double)sums.active;
    position->sums.silent += silent;
    position->step++;
    return 0;
}
