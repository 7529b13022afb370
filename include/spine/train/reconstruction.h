/* reconstruction.h -- y = h W2 + b2, and dY = 2 (y - x) / (rows D), of a step; and what silent
 * units make of the error that is left (silence.h). */
#ifndef SPINE_TRAIN_RECONSTRUCTION_H
#define SPINE_TRAIN_RECONSTRUCTION_H

#include "spine/train/dataset.h"
#include "spine/train/stepper.h"

/* Exact sums (exact.h) of (y - x)^2: with all units, and over all prefixes. */
struct spine_reconstruction {
    double squares, nested;
};

/* Compute dY for this rank's share of the rows, in the team's y. Returns their part of the sums.
 * With prefixes, y has a matrix for each width and a last one for all units; each becomes the sum
 * of the dY of its width and all greater ones. The codes of all ranks of the team must be complete.
 * Collective over the group's hosts. */
struct spine_reconstruction spine_reconstruction_find(struct spine_stepper *stepper,
                                                      const struct spine_dataset *data,
                                                      size_t batch_rows);

/* The same of the silent units' codes: dY of theirs in the team's own->left. Returns this rank's
 * part of their loss times the batch's rows, exactly; 'error' is the squares of all ranks, above 0.
 * The dY of all ranks of the team must be complete. Collective over the group's hosts. */
double spine_reconstruction_leave(struct spine_stepper *stepper, const struct spine_dataset *data,
                                  size_t batch_rows, double error);

#endif
