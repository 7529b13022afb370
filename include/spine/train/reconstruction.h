/* reconstruction.h -- y = h W2 + b2, and dY = 2 (y - x) / (rows D), of a step. */
#ifndef SPINE_TRAIN_RECONSTRUCTION_H
#define SPINE_TRAIN_RECONSTRUCTION_H

#include "spine/train/dataset.h"
#include "spine/train/stepper.h"

/* Sums of (y - x)^2, exactly (exact.h): with all units, and with the prefixes together. */
struct spine_reconstruction {
    double squares, nested;
};

/* dY of this rank's share of the rows, in the team's y; returns what it adds to the sums. With prefixes,
 * y has a matrix for each width, and at last for all units; each is dY of its width and all above. The
 * codes of all ranks of the team must be there. */
struct spine_reconstruction spine_reconstruction_find(struct spine_stepper *stepper,
                                                      const struct spine_dataset *data,
                                                      size_t batch_rows);

#endif
