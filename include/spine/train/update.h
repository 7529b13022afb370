/* update.h -- the update of the parameters by the optimizer. */
#ifndef SPINE_TRAIN_UPDATE_H
#define SPINE_TRAIN_UPDATE_H

#include "spine/train/stepper.h"

/* Update 'count' parameters from address 'at' on with their gradient. Local. */
void spine_update_range(struct spine_stepper *stepper, const float *at, size_t count,
                        const float *gradient);

/* Update the rows of W2 of 'count' units from 'unit' on. With model.unit_norm, the component of
 * 'gradient' parallel to a row is removed first, and rows keep length 1. Local. */
void spine_update_decoder(struct spine_stepper *stepper, size_t unit, size_t count,
                          float *gradient);

/* For tied matrices: set both gradients to their sum. */
void spine_update_tie(size_t count, float *dW1, float *dW2);

/* With several groups: sum this rank's slice of the gradient over all groups, and update its
 * parameters. Collective over the grid's ranks. */
void spine_update_slice(struct spine_stepper *stepper);

#endif
