/* sums.c -- non-blocking all-reduce, overlapped with computation.
 *
 * A sum has a slot in the table, the same on all ranks, since all begin and wait in one order. Each
 * use of a slot has a number, which counts up. On a node every rank publishes two numbers a slot:
 * 'ready', its values may be read; 'done', its share of the sum is in all blocks.
 *
 * 1. A rank reads others' values only after they are ready, and they stay until all are done.
 * 2. A rank writes another's block only between that rank's begin and wait.
 * 3. Sums between nodes begin in the order in which all ranks began them, which MPI wants; that the
 *    ranks of a node are ready may be seen in another order. */
#include "spine/ranks/sums.h"

#include <assert.h>
#include <sched.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/clones.h"
#include "spine/base/memory.h"

/* What a rank publishes about a slot of the table; a cache line of its own. */
struct notice {
    alignas(64) _Atomic uint64_t ready;
    _Atomic uint64_t done;
};

enum stage { FREE, BEGUN, BETWEEN_NODES, SHARE_DONE, ALL_DONE };

struct spine_sum {
    enum stage stage;
    uint64_t order;      /* its number among all sums begun, from 0 */
    uint64_t number;     /* of this use of the slot */
    size_t first, count; /* of the block */
    int ticket;          /* of the sum between nodes */
    double begun, done;  /* by spine_comm_clock() */
};

/* A rank's memory: its notices, then its block. */
enum { HEADER = SPINE_SUMS_MOST * sizeof(struct notice) };

static struct notice *notice_of(const struct spine_sums *sums, int rank, int slot)
{
    return (struct notice *)sums->memory.base[rank] + slot;
}

static float *block_of(const struct spine_sums *sums, int rank)
{
    return (float *)((char *)sums->memory.base[rank] + HEADER);
}

/* Split comm into nodes of ranks that share memory, and pair the nodes' ranks. Nodes with different
 * numbers of ranks can't be paired: then every rank is a node of its own. */
static void split(struct spine_sums *sums, const struct spine_comm *comm, int ranks_per_node)
{
    if (ranks_per_node > 0)
        spine_comm_split(comm, comm->rank / ranks_per_node, &sums->node);
    else
        spine_comm_split_nodes(comm, &sums->node);
    const int64_t most = spine_comm_max(comm, sums->node.size);
    const int64_t least = -spine_comm_max(comm, -sums->node.size);
    if (most != least) {
        spine_comm_dispose(&sums->node);
        spine_comm_split(comm, comm->rank, &sums->node);
    }
    spine_comm_split(comm, sums->node.rank, &sums->others);
}

int spine_sums_init(struct spine_sums *sums, const struct spine_comm *comm, size_t count,
                    int ranks_per_node, struct spine_error *err)
{
    const size_t bytes = HEADER + count * sizeof(float);
    *sums = (struct spine_sums){0};
    sums->sums =
        spine_memory_zeroed(SPINE_SUMS_MOST, sizeof *sums->sums, "the sums over ranks", err);
    int rc = 0;

    if (sums->sums == NULL)
        rc = -1;
    if (spine_comm_agree(comm, rc, err)) {
        spine_sums_dispose(sums);
        return -1;
    }
    split(sums, comm, ranks_per_node);
    rc = spine_comm_agree(comm, spine_comm_map(&sums->node, bytes, &sums->memory, err), err);
    if (rc != 0) {
        spine_sums_dispose(sums);
        return -1;
    }
    sums->block = block_of(sums, sums->node.rank);
    memset(sums->memory.base[sums->node.rank], 0, bytes);
    spine_comm_barrier(&sums->node);
    return 0;
}

void spine_sums_dispose(struct spine_sums *sums)
{
    spine_comm_unmap(&sums->memory);
    spine_comm_dispose(&sums->others);
    spine_comm_dispose(&sums->node);
    free(sums->sums);
    *sums = (struct spine_sums){0};
}

/* --- The work of a rank --------------------------------------------------------------------- */

SPINE_CLONES
static void add_to(size_t count, const float *restrict values, float *restrict sum)
{
    for (size_t i = 0; i < count; i++)
        sum[i] += values[i];
}

/* This rank's share of a sum: elements [begin, begin + count) of the block. */
struct share {
    size_t begin, count;
};

static struct share share_of(const struct spine_sums *sums, const struct spine_sum *sum)
{
    const size_t rank = (size_t)sums->node.rank, size = (size_t)sums->node.size;
    const size_t begin = sum->count * rank / size, end = sum->count * (rank + 1) / size;
    return (struct share){sum->first + begin, end - begin};
}

/* Add up the node's values in this rank's block. The order of the ranks is that of the node, so
 * that a node's sum doesn't depend on who computes it. */
static void add_share(struct spine_sums *sums, struct share share)
{
    /* In pieces that stay in the nearest cache until they are handed on. */
    enum { PIECE = 2048 };
    float total[PIECE];
    for (size_t at = 0; at < share.count; at += PIECE) {
        const size_t count = share.count - at < PIECE ? share.count - at : PIECE;
        const size_t begin = share.begin + at;
        memcpy(total, block_of(sums, 0) + begin, count * sizeof *total);
        for (int rank = 1; rank < sums->node.size; rank++)
            add_to(count, block_of(sums, rank) + begin, total);
        memcpy(sums->block + begin, total, count * sizeof *total);
    }
}

static void hand_out_share(struct spine_sums *sums, struct share share)
{
    for (int rank = 0; rank < sums->node.size; rank++)
        if (rank != sums->node.rank)
            memcpy(block_of(sums, rank) + share.begin, sums->block + share.begin,
                   share.count * sizeof(float));
}

static bool all_have(const struct spine_sums *sums, int slot, uint64_t number, bool done)
{
    for (int rank = 0; rank < sums->node.size; rank++) {
        struct notice *notice = notice_of(sums, rank, slot);
        if (atomic_load_explicit(done ? &notice->done : &notice->ready, memory_order_acquire) <
            number)
            return false;
    }
    return true;
}

/* Do what can be done for the sum in 'slot' without waiting. */
static void advance(struct spine_sums *sums, int slot)
{
    struct spine_sum *sum = &sums->sums[slot];
    const struct share share = share_of(sums, sum);
    if (sum->stage == BEGUN && sum->order == sums->num_added &&
        all_have(sums, slot, sum->number, false)) {
        add_share(sums, share);
        sums->num_added++;
        sum->ticket = spine_comm_begin_sum(&sums->others, sums->block + share.begin, share.count);
        sum->stage = BETWEEN_NODES;
    }
    if (sum->stage == BETWEEN_NODES && spine_comm_test(&sums->others, sum->ticket)) {
        hand_out_share(sums, share);
        atomic_store_explicit(&notice_of(sums, sums->node.rank, slot)->done, sum->number,
                              memory_order_release);
        sum->stage = SHARE_DONE;
    }
    if (sum->stage == SHARE_DONE && all_have(sums, slot, sum->number, true)) {
        sum->stage = ALL_DONE;
        sum->done = spine_comm_clock();
    }
}

int spine_sums_begin(struct spine_sums *sums, size_t first, size_t count)
{
    int slot = 0;
    while (slot < SPINE_SUMS_MOST && sums->sums[slot].stage != FREE)
        slot++;
    assert(slot < SPINE_SUMS_MOST);

    struct spine_sum *sum = &sums->sums[slot];
    *sum = (struct spine_sum){.stage = BEGUN,
                              .order = sums->num_begun++,
                              .number = sum->number + 1,
                              .first = first,
                              .count = count,
                              .begun = spine_comm_clock()};

    if (sums->node.size == 1 && sums->others.size == 1) {
        sum->stage = ALL_DONE;
        sum->done = sum->begun;
        return slot;
    }

    atomic_store_explicit(&notice_of(sums, sums->node.rank, slot)->ready, sum->number,
                          memory_order_release);
    advance(sums, slot);
    return slot;
}

void spine_sums_progress(struct spine_sums *sums)
{
    for (int slot = 0; slot < SPINE_SUMS_MOST; slot++)
        if (sums->sums[slot].stage != FREE)
            advance(sums, slot);
}

void spine_sums_wait(struct spine_sums *sums, int ticket, double *span)
{
    struct spine_sum *sum = &sums->sums[ticket];
    assert(sum->stage != FREE);
    if (sum->stage != ALL_DONE)
        advance(sums, ticket);
    const double start = spine_comm_clock();
    /* Polling is quickest; but where ranks share a core, the others must get it too. */
    for (unsigned polls = 1; sum->stage != ALL_DONE; polls++) {
        spine_sums_progress(sums);
        if (polls % 64 == 0)
            sched_yield();
    }
    sums->waited += spine_comm_clock() - start;
    if (span != NULL) {
        span[0] = sum->begun;
        span[1] = sum->done;
    }
    sum->stage = FREE;
}
