/* minibatch.h -- the rows of a step, and the noise on them.
 *
 * The rows of a group's batch for the next step are read into slots (partition.h) during this
 * step. */
#ifndef SPINE_TRAIN_MINIBATCH_H
#define SPINE_TRAIN_MINIBATCH_H

#include "spine/train/stepper.h"

/* The rows of the current step. Local. */
const struct spine_step_rows *spine_minibatch_rows(const struct spine_stepper *stepper);

/* Read this rank's share of the rows of the current step, or, with 'is_next', of the one after it
 * into the other buffer, and begin to send it to the group's other hosts. Ranks of the team must
 * meet before they use the rows. Collective over the hosts. */
void spine_minibatch_supply(struct spine_stepper *stepper, struct spine_dataset *data, bool is_next,
                            int64_t epoch, size_t step);

/* If the group spans several hosts, wait for the rows of the others. The ranks of the team meet.
 * Collective over the hosts. */
void spine_minibatch_receive(struct spine_stepper *stepper);

/* Are the current rows those of this step? Local. */
bool spine_minibatch_is_supplied(const struct spine_stepper *stepper, int64_t epoch, size_t step);

/* Compute this rank's share of x': add noise to the current rows and pack them. Local. */
void spine_minibatch_draw(struct spine_stepper *stepper, const struct spine_dataset *data,
                          int64_t epoch);

#endif
