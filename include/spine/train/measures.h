/* measures.h -- the quality and the sparsity of the codes of the clean input.
 *
 *     eval_rl             sum (y - x)^2 / (N D): the reconstruction loss without noise
 *     explained_variance  1 - sum (y - x)^2 / sum (x - mean row)^2
 *     sparsity            share of the N H entries with h < 0.001; of a dictionary's (nnse.h), h = 0
 *     l0                  mean number of h > 0 in a row
 *     dead                units with h < 0.001 in every row; a dictionary's with h = 0
 *     saturated           units with h = 1 in at least half of the rows; 0 without a cap of 1 */
#ifndef SPINE_TRAIN_MEASURES_H
#define SPINE_TRAIN_MEASURES_H

#include "spine/math/coder.h"
#include "spine/ranks/comm.h"
#include "spine/train/dataset.h"

struct spine_measures {
    double eval_rl, explained_variance, sparsity, l0;
    int64_t dead, saturated;
    int64_t empty; /* words without an active unit */
};

/* Scratch space, allocated once so that measuring during a run allocates nothing. */
struct spine_measures_scratch {
    int64_t *seen; /* owned; (2, H): of a unit, the rows that count against sparsity; with h = 1 */
    size_t hidden;
    double squares; /* of this rank's rows: of y - x */
    int64_t active, empty;
};

int spine_measures_scratch_init(struct spine_measures_scratch *scratch, size_t hidden,
                                struct spine_error *err);
void spine_measures_scratch_dispose(struct spine_measures_scratch *scratch);

/* Encode and decode all rows without noise, and measure the codes. Overwrites coder. Collective;
 * the result is equal on all ranks. */
struct spine_measures spine_measures_compute(const struct spine_params *params,
                                             struct spine_dataset *data, struct spine_comm *comm,
                                             struct spine_coder *coder,
                                             struct spine_measures_scratch *scratch);

/* The same in parts: forget the rows before; encode and decode 'count' of this rank's rows, from
 * its row 'first' on, which is a multiple of SPINE_BLOCK_ROWS; sum over the ranks. Only the last is
 * collective. */
void spine_measures_begin(struct spine_measures_scratch *scratch);
void spine_measures_add(const struct spine_params *params, struct spine_dataset *data,
                        struct spine_coder *coder, struct spine_measures_scratch *scratch,
                        size_t first, size_t count);
struct spine_measures spine_measures_end(const struct spine_dataset *data, struct spine_comm *comm,
                                         struct spine_measures_scratch *scratch);

#endif
