/* minibatch.h -- the rows of a step, and the noise on them.
 *
 * The rows of a group's batch are read into slots (partition.h) for one step while another works. */
#ifndef SPINE_TRAIN_MINIBATCH_H
#define SPINE_TRAIN_MINIBATCH_H

#include "spine/train/stepper.h"

/* The rows of the current step. */
const struct spine_step_rows *spine_minibatch_rows(const struct spine_stepper *stepper);

/* Read this rank's share of the rows of a step: of the current one, or of the one after it into the other
 * memory. Ranks of the team must meet before they use them. */
void spine_minibatch_supply(struct spine_stepper *stepper, struct spine_dataset *data, bool is_next,
                            int64_t epoch, size_t step);

/* Whether the current rows are those of this step. */
bool spine_minibatch_is_supplied(const struct spine_stepper *stepper, int64_t epoch, size_t step);

/* x', this rank's share of it: put noise on the current rows, and pack them. */
void spine_minibatch_draw(struct spine_stepper *stepper, const struct spine_dataset *data,
                          int64_t epoch);

#endif
