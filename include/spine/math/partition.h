/* partition.h -- which rows a rank owns and which rows make a batch. Arithmetic only.
 *
 * The N rows are cut into B contiguous strata (B is the global batch size) whose sizes differ by
 * at most one: stratum s is [floor(s N / B), floor((s + 1) N / B)). Step t of an epoch takes the
 * t-th row of every stratum, in the stratum's order of that epoch; a stratum that has run out
 * gives none. A rank owns whole neighbouring strata, so its rows are one block, every batch is the
 * same on any number of ranks, and all ranks have equally many rows of it, give or take one. */
#ifndef SPINE_MATH_PARTITION_H
#define SPINE_MATH_PARTITION_H

#include <stddef.h>
#include <stdint.h>

#include "spine/base/error.h"

struct spine_partition {
    uint64_t seed;
    size_t num_rows;                   /* N, of all ranks */
    size_t num_strata;                 /* B */
    size_t first_stratum, end_stratum; /* this rank's */
    size_t first_row, end_row;         /* this rank's */
    uint32_t
        *order; /* owned; (end_row - first_row): what is taken from stratum s in step t, counted
                        from the stratum's first row, at stratum_begin(s) - first_row + t */
};

/* The part of rank 'rank' of 'size'; these are all that a part depends on, so none is left out. Refuses more strata than rows, and more ranks than strata. */
int spine_partition_init(struct spine_partition *part, uint64_t seed, size_t num_rows,
                         size_t batch_size, int rank, int size, struct spine_error *err);

/* Free what part owns and zero it; a zeroed struct may be disposed of again. */
void spine_partition_dispose(struct spine_partition *part);

/* The number of steps of an epoch: the size of the largest stratum. */
size_t spine_partition_steps(const struct spine_partition *part);

/* The rows of step 'step' on all ranks together. */
size_t spine_partition_batch_rows(const struct spine_partition *part, size_t step);

/* The most rows that this rank has in a batch. */
size_t spine_partition_most_rows(const struct spine_partition *part);

/* Put this rank's strata into the order of an epoch (from 0): Fisher and Yates, under the seed. */
void spine_partition_shuffle(struct spine_partition *part, uint32_t epoch);

/* Write this rank's rows of a step (global numbers, ascending strata) to rows; returns how many.
 * rows is (spine_partition_most_rows()). */
size_t spine_partition_batch(const struct spine_partition *part, size_t step, size_t *rows);

#endif
