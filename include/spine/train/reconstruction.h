/* reconstruction.h -- y = h W2 + b2, and dY = 2 (y - x) / (rows D), of a step. */
#ifndef SPINE_TRAIN_RECONSTRUCTION_H
#define SPINE_TRAIN_RECONSTRUCTION_H

#include "spine/train/dataset.h"
#include "spine/train/stepper.h"

/* dY of this rank's share of the rows, in the team's y; returns the sum of its (y - x)^2, exactly (exact.h).
 * The codes of all ranks of the team must be there. */
double spine_reconstruction_find(struct spine_stepper *stepper, const struct spine_dataset *data,
                                 size_t batch_rows);

#endif
