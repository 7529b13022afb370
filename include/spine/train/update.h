/* update.h -- the update of the parameters by the optimizer. */
#ifndef SPINE_TRAIN_UPDATE_H
#define SPINE_TRAIN_UPDATE_H

#include "spine/train/stepper.h"

/* Update 'count' parameters from 'at' on with their gradient. */
void spine_update_range(struct spine_stepper *stepper, const float *at, size_t count,
                        const float *gradient);

/* The same of rows of W2, those of 'count' units from 'unit' on; where they have length 1, they keep it:
 * what of 'gradient' is parallel to them is taken from it. */
void spine_update_decoder(struct spine_stepper *stepper, size_t unit, size_t count,
                          float *gradient);

/* Of tied matrices, both get the sum of their gradients. */
void spine_update_tie(size_t count, float *dW1, float *dW2);

/* With many groups: sum this rank's slice of the gradient over them all, and update its parameters.
 * Collective. */
void spine_update_slice(struct spine_stepper *stepper);

#endif
