/* silence.h -- AuxK: silent units, which are never among the largest, learn what the others leave.
 *
 * A unit is silent when none of the last 'rows' rows, up to the end of this batch, made it active.
 * With e = x - y, what the active units leave of the batch's rows, and e' = a W2, where a has the k
 * largest z > 0 of a row's silent units, and neither cap nor b2:
 *
 *     L += weight AUX,   AUX = sum |e' - e|^2 / sum |e|^2
 *
 * over the rows of the batch; 0 without silent units. e is a target like x: no derivative passes to
 * the units that made it. After Gao et al.: "Scaling and evaluating sparse autoencoders", 2024.
 *
 * A silent unit has no other active pair in the batch; so its gradient is that of AUX alone, and
 * the step lists its pairs beside those of the active units (block.h). Counts are of the whole
 * batch, and all sums exact or in the order of block.h: any grid computes the same bits. */
#ifndef SPINE_TRAIN_SILENCE_H
#define SPINE_TRAIN_SILENCE_H

#include <stdbool.h>

#include "spine/train/dataset.h"
#include "spine/train/stepper.h"

/* Find the silent units and, if there are any, their codes and their dY: is_silent, silent and left
 * of stepper->memory. *loss is this rank's part of AUX times the batch's rows, exactly. Call it
 * after the sums of h over the groups, and only if settings.silence.k isn't 0. Returns false on all
 * ranks if AUX isn't finite on any. Collective over the grid's ranks. */
bool spine_silence_find(struct spine_stepper *stepper, const struct spine_dataset *data,
                        size_t batch_rows, double *loss);

/* Add the step's rows to the count of each unit that none of them activated; reset the others to 0.
 * Call it when all ranks of the node have found the silent units. Local. */
void spine_silence_count(struct spine_stepper *stepper, size_t batch_rows);

#endif
