/* sums.h -- non-blocking all-reduce, overlapped with computation.
 *
 * The values are in a block of this module's, the same elements on all ranks, and are replaced by
 * their sums over the ranks. Ranks of one node have their blocks in shared memory: when all have
 * begun a sum, each adds up its share of it and hands the result to the others, so nothing is
 * copied into messages. Between nodes the shares are summed by MPI: rank i of every node with rank
 * i of the others. Every rank gets the same bits.
 *
 * Nothing moves by itself: spine_sums_progress() does this rank's part of the work, so call it now
 * and then while computing. Waiting does so too. */
#ifndef SPINE_RANKS_SUMS_H
#define SPINE_RANKS_SUMS_H

#include "spine/ranks/comm.h"

enum { SPINE_SUMS_MOST = 32 }; /* under way at once */

struct spine_sums {
    float *block;                    /* owned; (count), this rank's, zeroed, aligned to 64 bytes */
    double waited;                   /* seconds that this rank has waited, in total */
    struct spine_comm node, others;  /* owned: this node's ranks; their counterparts on all nodes */
    struct spine_comm_memory memory; /* owned: the node's blocks */
    struct spine_sum *sums;          /* owned; (SPINE_SUMS_MOST) */
    uint64_t num_begun, num_added;   /* sums begun; those of which the node's part is added up */
};

/* Allocate 'count' floats on every rank. Ranks share memory if they can; tests may set the number of
 * ranks that make a node (0: as the machine has it). Collective. */
int spine_sums_init(struct spine_sums *sums, const struct spine_comm *comm, size_t count,
                    int ranks_per_node, struct spine_error *err);

/* Collective; a zeroed struct is left alone. */
void spine_sums_dispose(struct spine_sums *sums);

/* Begin to sum elements [first, first + count) of the block; until it is waited for they must not
 * be touched. All ranks begin the same sums, and wait for them, in the same order. Returns a
 * ticket for spine_sums_wait(). */
int spine_sums_begin(struct spine_sums *sums, size_t first, size_t count);

/* Do what this rank can do for the sums under way, without waiting. Local. */
void spine_sums_progress(struct spine_sums *sums);

/* Wait until a sum is done. Where span isn't NULL, span[0] and span[1] get the times at which it
 * was begun and was seen to be done, by spine_comm_clock(). */
void spine_sums_wait(struct spine_sums *sums, int ticket, double *span);

#endif
