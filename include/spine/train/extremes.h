/* extremes.h -- a row or a coordinate with nearly all of the input's sum of squares.
 *
 * When the input is scaled to a given root mean square, all other rows or coordinates end up close
 * to zero, below the noise, and nothing is learned from them. */
#ifndef SPINE_TRAIN_EXTREMES_H
#define SPINE_TRAIN_EXTREMES_H

#include <stdbool.h>

#include "spine/train/dataset.h"

/* Warn, on rank 0, about a row with more than half of the scaled rows' sum of squares, and about a
 * coordinate with more than nine tenths, and say what helps. Sets *found to whether there is one.
 * If there is none and the objective 'needs_scale', warn about rows of another scale than the
 * settings are for. Collective. */
int spine_extremes_warn(struct spine_dataset *data, struct spine_comm *comm, bool needs_scale,
                        bool *found, struct spine_error *err);

#endif
