/* codes.h -- the codes of a step: z = x' W1' + b1, and h.
 *
 * Each rank computes the codes of its units. If pairs are selected, the ranks of a team find the
 * cuts of rows together, and all ranks find the cut of the batch. */
#ifndef SPINE_TRAIN_CODES_H
#define SPINE_TRAIN_CODES_H

#include "spine/math/encoding.h"
#include "spine/train/stepper.h"

/* Fill this rank's blocks with the codes of its units. Returns the sums over its rows and units;
 * the sums of h are in the node's memory. Collective over all ranks if pairs are selected. */
struct spine_block_sums spine_codes_find(struct spine_stepper *stepper, size_t batch_rows);

/* The codes of all units for a block, one tile for each rank of the team. Borrowed until the next
 * call. Local. */
const struct spine_block *const *spine_codes_tiles(struct spine_stepper *stepper,
                                                   const struct spine_step_codes *codes,
                                                   size_t block);

/* Leave in own->cuts what keeps the k largest candidates of each row, of which this rank finds a
 * share. Collective over the team. */
void spine_codes_cut(struct spine_stepper *stepper, const struct spine_step_codes *codes, size_t k);

#endif
