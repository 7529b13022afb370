/* extremes.h -- a row or a coordinate that makes nearly all of the input's sum of squares.
 *
 * Scaled to a given root mean square, all other rows or coordinates are then close to zero, below the
 * noise, and nothing is learned from them. */
#ifndef SPINE_TRAIN_EXTREMES_H
#define SPINE_TRAIN_EXTREMES_H

#include <stdbool.h>

#include "spine/train/dataset.h"

/* Warn, on rank 0, of a row that makes more than half of the scaled rows' sum of squares, and of a
 * coordinate that makes more than nine tenths, and say what helps. *found: are there any? Collective.
 */
int spine_extremes_warn(struct spine_dataset *data, struct spine_comm *comm, bool *found,
                        struct spine_error *err);

#endif
