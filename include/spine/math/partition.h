/* partition.h -- which rows a rank owns and which rows make a batch. Arithmetic only.
 *
 * The N rows are cut into B contiguous strata (B is the global batch size) whose sizes differ by
 * at most one: stratum s is [floor(s N / B), floor((s + 1) N / B)). Step t of an epoch takes the
 * t-th row of every stratum, in the stratum's order of that epoch; a stratum that has run out
 * gives none. The strata follow from N and B, the order from the seed, the epoch and the stratum
 * (random.h), so that every batch is the same on any number of ranks.
 *
 * The order of an epoch is a permutation of the stratum. Without windows, all of its rows are
 * shuffled. With windows, so that rows can be read from a file shortly before their steps,
 * stretches of neighbouring rows are shuffled first, then the rows of each window of a few
 * stretches. Then rows of a stretch have steps in the same window. Each row still has one step in
 * an epoch, uniformly distributed except for the stratum's last stretch, in a batch with rows of
 * all other strata.
 *
 * Ranks form a grid of row groups and columns. A group has neighbouring strata, in whole leaves of
 * the tree by which sums over rows are added up (tree.h); its rows are divided evenly among its
 * columns. The rows of a group's batch have slots. Rows of SPINE_BLOCK_ROWS strata, a block, have
 * neighbouring slots in the order of their strata, and each block begins at a multiple of
 * SPINE_BLOCK_ROWS. */
#ifndef SPINE_MATH_PARTITION_H
#define SPINE_MATH_PARTITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spine/base/error.h"

/* How batches are drawn and divided among ranks, and which rank this is. */
struct spine_sharing {
    uint64_t seed;
    size_t batch_size; /* B */
    int groups, columns, group, column;
    bool is_reproducible; /* leaves are the same for any grid; else every group is one leaf */
    size_t window;        /* rows of a stratum that are shuffled together; 0: all */
    size_t stretch;       /* neighbouring rows that are kept together in a window */
};

struct spine_partition {
    uint64_t seed;
    size_t num_rows;                   /* N, of all ranks */
    size_t num_strata;                 /* B */
    size_t leaf;                       /* strata of a leaf; 0: each group is one leaf */
    size_t first_leaf;                 /* of this rank's group */
    size_t first_stratum, end_stratum; /* of this rank's group */
    size_t first_row, end_row;         /* this rank's */
    size_t first_own, end_own;         /* strata that have rows of this rank */
    size_t window, stretch;            /* as in spine_sharing */
    uint32_t epoch;                    /* whose order the rows are in */
    uint32_t *stretches;               /* owned; of a stratum, while it is shuffled */
    uint32_t *order; /* owned; position t of stratum s, of first_own to end_own, is
                        stratum_begin(s) - stratum_begin(first_own) + t, and has a row's place in
                        its stratum */
};

/* Find this rank's part. Refuses more strata than rows, and more groups than leaves. */
int spine_partition_init(struct spine_partition *part, size_t num_rows,
                         const struct spine_sharing *sharing, struct spine_error *err);

/* Free what part owns and zero it; a zeroed struct may be disposed of again. */
void spine_partition_dispose(struct spine_partition *part);

/* The most row groups that a batch of this size can have. */
size_t spine_partition_most_groups(size_t batch_size, bool is_reproducible);

/* Bounds for all ranks of a grid, whichever sharing->group and column are: the strata of a group,
 * and the rows of a batch that a rank has. The batch can have so many groups, and there is a
 * row. */
void spine_partition_bound(size_t num_rows, const struct spine_sharing *sharing, size_t *strata,
                           size_t *rows);

/* The number of this rank's rows. */
size_t spine_partition_rows(const struct spine_partition *part);

/* The number of steps of an epoch: the size of the largest stratum. */
size_t spine_partition_steps(const struct spine_partition *part);

/* The rows of step 'step' on all ranks together. */
size_t spine_partition_batch_rows(const struct spine_partition *part, size_t step);

/* The blocks of this rank's group, the rows of one of them in a step, and its leaf. */
size_t spine_partition_blocks(const struct spine_partition *part);
size_t spine_partition_block_rows(const struct spine_partition *part, size_t block, size_t step);
size_t spine_partition_block_leaf(const struct spine_partition *part, size_t block);

/* The most rows that this rank has in a batch. */
size_t spine_partition_most_rows(const struct spine_partition *part);

/* The most rows of a stratum that are shuffled together. */
size_t spine_partition_window(const struct spine_partition *part);

/* Write the rows that 'stratum', one of first_own to end_own, has in steps [first, end): rows[i] is
 * the global number of the row in step first + i, or SIZE_MAX if the stratum has run out or the row
 * is another rank's. */
void spine_partition_upcoming(const struct spine_partition *part, size_t stratum, size_t first,
                              size_t end, size_t *rows);

/* Put the strata that have rows of this rank into the order of an epoch (from 0), by Fisher and
 * Yates' shuffle with the seed. */
void spine_partition_shuffle(struct spine_partition *part, uint32_t epoch);

/* Write this rank's rows of a step (global numbers, ascending strata) and their slots in the
 * group's batch; return their number. 'rows' and 'slots' have spine_partition_most_rows()
 * elements. */
size_t spine_partition_batch(const struct spine_partition *part, size_t step, size_t *rows,
                             size_t *slots);

#endif
