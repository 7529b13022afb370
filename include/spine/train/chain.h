/* chain.h -- what the hosts of a row group exchange in a step, if a group spans several (grid.h).
 *
 * Each host works on all rows of the group's batch and on a part of the units. Every rank exchanges
 * with its counterparts, the ranks of the same place on the other hosts, and has the same share of
 * the rows as they:
 *
 *     x        each rank's rows of the batch, to all hosts, while the step before is computed
 *     cuts     the largest candidates of each row on each host, to all
 *     y        from host to host in the order of the units: each continues the sums of the one before
 *     dY       from the last host, which has the whole y, around to all others
 *     counts   summed, and the sums of h of each host's units to all
 *
 * y is one chain of multiply-adds in the order of the units, wherever the units are, so its bits
 * don't depend on the hosts. A share travels in pieces, so that all hosts compute at the same time.
 *
 * With one host, everything is empty. */
#ifndef SPINE_TRAIN_CHAIN_H
#define SPINE_TRAIN_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spine/math/decoding.h"
#include "spine/ranks/grid.h"

/* Pieces of a share: for each host, so that hosts wait little for the first; and at most. */
enum { SPINE_CHAIN_HOST_PIECES = 2, SPINE_CHAIN_PIECES = 64 };

/* The most that a rank exchanges in a step. */
struct spine_chain_extent {
    size_t rows;   /* of its own */
    size_t stride; /* floats of a row */
    size_t share;  /* floats of its share of y */
    size_t pairs;  /* candidates of the rows whose cuts it finds */
    size_t counts;
};

struct spine_chain {
    struct spine_comm *hosts; /* borrowed; this rank's counterparts; NULL: there is one host */
    struct spine_chain_extent extent;

    /* Owned. Rows: for each its slot, its number and x. */
    uint64_t *rows_sent, *rows_received;
    struct spine_comm_mail rows_mail;
    bool is_travelling;

    /* Owned. Pieces of a share. */
    float *received, *sent; /* (share) */
    struct spine_comm_mail mail;
    size_t piece_begin[SPINE_CHAIN_PIECES + 1]; /* floats */

    struct spine_pair *pairs_sent, *pairs_received; /* owned; (pairs), (hosts, pairs) */
    int64_t *counts;                                /* owned; (counts) */
};

/* Refuse messages that are too long, if there are several hosts. Local. */
int spine_chain_check(const struct spine_chain_extent *extent, int hosts, struct spine_error *err);

/* Allocate what the ranks of 'grid', borrowed, exchange, if spine_chain_check() accepts it.
 * Release it with spine_chain_dispose(), after a failure too. Local. */
int spine_chain_init(struct spine_chain *chain, struct spine_grid *grid,
                     const struct spine_chain_extent *extent, struct spine_error *err);

/* Waits for rows that are under way. Collective over the hosts; a zeroed struct is left alone. */
void spine_chain_dispose(struct spine_chain *chain);

/* The bytes that it allocates. */
size_t spine_chain_bytes(const struct spine_chain_extent *extent, int hosts);

/* Begin to send this rank's 'count' rows, in these slots of 'clean' (slots, D) and 'number'
 * (slots), to all hosts. Collective over the hosts. */
void spine_chain_send_rows(struct spine_chain *chain, const size_t *slots, size_t count,
                           const float *clean, const uint64_t *number);

/* If rows are under way, wait for them, and copy those of the other hosts into their slots. 'clean'
 * NULL: drop them. */
void spine_chain_receive_rows(struct spine_chain *chain, float *clean, uint64_t *number);

/* Where to put this rank's candidates of 'count' rows, k for each row: none yet, with values of 0.
 * Local. */
struct spine_pair *spine_chain_begin_pairs(struct spine_chain *chain, size_t count, size_t k);

/* Exchange these candidates. Collective over the hosts. */
void spine_chain_exchange_pairs(struct spine_chain *chain, size_t count, size_t k);

/* Then, for each of these rows: if the hosts have more than k candidates together, set its cut to
 * keep the k largest; otherwise leave it. Local. */
void spine_chain_cut(const struct spine_chain *chain, size_t count, size_t k,
                     struct spine_scratch *scratch, struct spine_cut *cuts);

/* What travels in pieces. */
enum spine_chain_kind { SPINE_CHAIN_Y, SPINE_CHAIN_DY };

/* Begin to exchange a share of 'count' pieces of these many floats. Local. */
void spine_chain_begin(struct spine_chain *chain, const size_t *floats, size_t count);

/* Begin to receive a piece from a host; wait for it, and return it: borrowed, valid until the next
 * piece of its number is expected. */
void spine_chain_expect(struct spine_chain *chain, enum spine_chain_kind kind, size_t piece,
                        int host);
float *spine_chain_await(struct spine_chain *chain, enum spine_chain_kind kind, size_t piece);

/* Where to put a piece that is to be sent; and begin to send it from there, or from where it was
 * received. */
float *spine_chain_place(struct spine_chain *chain, size_t piece);
void spine_chain_send(struct spine_chain *chain, enum spine_chain_kind kind, size_t piece, int host,
                      const float *data);

/* Wait for all pieces. */
void spine_chain_end(struct spine_chain *chain);

/* Copy values between a matrix and a piece: memcpy(), in a function that tools/simulate replaces by
 * one that charges for the time. */
void spine_chain_copy(size_t count, const float *from, float *to);

#endif
