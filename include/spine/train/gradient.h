/* gradient.h -- the gradient of a step: dW2 = h' dY, dW1 = dz' x', with dz from dY W2'
 * (block.h). */
#ifndef SPINE_TRAIN_GRADIENT_H
#define SPINE_TRAIN_GRADIENT_H

#include "spine/train/stepper.h"

/* Compute the gradient of this rank's units. With one group, update the units at once; with more,
 * store the gradient as the group's. Local. */
void spine_gradient_find(struct spine_stepper *stepper, size_t batch_rows);

#endif
