/* chain.c -- what the hosts of a row group exchange in a step. */
#include "spine/train/chain.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/memory.h"
#include "spine/math/kernels.h"

enum { ROWS = 2 }; /* the kind of messages with rows, beside those of enum spine_chain_kind */

/* The slots of chain->mail: pieces expected and sent, of each kind. */
enum { EXPECTED = 0, SENT = 2 * SPINE_CHAIN_PIECES, SLOTS = 4 * SPINE_CHAIN_PIECES };

/* The numbers of 64 bits in a message with so many rows: their count, and for each its slot, its
 * number and its values. */
static size_t row_words(size_t rows, size_t stride)
{
    return 1 + rows * (2 + stride * sizeof(float) / sizeof(uint64_t));
}

int spine_chain_check(const struct spine_chain_extent *extent, int hosts, struct spine_error *err)
{
    const size_t rows = row_words(extent->rows, extent->stride) * sizeof(uint64_t);
    const size_t share = extent->share * sizeof(float);
    const size_t pairs = extent->pairs * sizeof(struct spine_pair);

    if (hosts == 1 ||
        (rows <= SPINE_COMM_MESSAGE && share <= SPINE_COMM_MESSAGE && pairs <= SPINE_COMM_MESSAGE))
        return 0;
    return spine_refuse(err,
                        "parallel.grid: a batch is too large for row groups of %d hosts with so "
                        "few ranks; set it to auto, lower train.batch_size, model.k or "
                        "model.aux_k, or use more ranks a host",
                        hosts);
}

int spine_chain_init(struct spine_chain *chain, struct spine_grid *grid,
                     const struct spine_chain_extent *extent, struct spine_error *err)
{
    static const char what[] = "what hosts exchange";
    const size_t hosts = (size_t)grid->hosts, words = row_words(extent->rows, extent->stride);

    *chain = (struct spine_chain){.extent = *extent};
    if (hosts == 1)
        return 0;
    if (spine_chain_check(extent, grid->hosts, err))
        return -1;

    chain->hosts = &grid->chain;
    chain->rows_sent = spine_memory_get(words, sizeof *chain->rows_sent, what, err);
    chain->rows_received = spine_memory_get(hosts, words * sizeof *chain->rows_received, what, err);
    chain->received = spine_kernel_alloc(extent->share, what, err);
    chain->sent = spine_kernel_alloc(extent->share, what, err);
    chain->pairs_sent = spine_memory_zeroed(extent->pairs, sizeof *chain->pairs_sent, what, err);
    chain->pairs_received =
        spine_memory_zeroed(hosts, extent->pairs * sizeof *chain->pairs_received, what, err);
    chain->counts = spine_memory_zeroed(extent->counts, sizeof *chain->counts, what, err);
    if (chain->rows_sent == NULL || chain->rows_received == NULL || chain->received == NULL ||
        chain->sent == NULL || chain->pairs_sent == NULL || chain->pairs_received == NULL ||
        chain->counts == NULL || spine_comm_mail_init(&chain->rows_mail, 2 * hosts, err) ||
        spine_comm_mail_init(&chain->mail, SLOTS, err))
        return -1;
    return 0;
}

void spine_chain_dispose(struct spine_chain *chain)
{
    spine_chain_receive_rows(chain, NULL, NULL);
    spine_comm_mail_dispose(&chain->rows_mail);
    spine_comm_mail_dispose(&chain->mail);
    free(chain->rows_sent);
    free(chain->rows_received);
    free(chain->received);
    free(chain->sent);
    free(chain->pairs_sent);
    free(chain->pairs_received);
    free(chain->counts);
    *chain = (struct spine_chain){0};
}

size_t spine_chain_bytes(const struct spine_chain_extent *extent, int hosts)
{
    const size_t words = row_words(extent->rows, extent->stride), count = (size_t)hosts;

    if (hosts == 1)
        return 0;
    return (1 + count) * words * sizeof(uint64_t) + 2 * extent->share * sizeof(float) +
           (1 + count) * extent->pairs * sizeof(struct spine_pair) +
           extent->counts * sizeof(int64_t);
}

/* --- Rows --------------------------------------------------------------------------------- */

void spine_chain_send_rows(struct spine_chain *chain, const size_t *slots, size_t count,
                           const float *clean, const uint64_t *number)
{
    const size_t stride = chain->extent.stride, most = row_words(chain->extent.rows, stride);
    const size_t hosts = (size_t)(chain->hosts == NULL ? 0 : chain->hosts->size);
    uint64_t *next = chain->rows_sent;

    if (hosts == 0)
        return;
    *next++ = count;
    for (size_t i = 0; i < count; i++) {
        *next++ = slots[i];
        *next++ = number[slots[i]];
        memcpy(next, clean + slots[i] * stride, stride * sizeof *clean);
        next += stride * sizeof *clean / sizeof *next;
    }

    for (size_t h = 0; h < hosts; h++)
        if ((int)h != chain->hosts->rank)
            spine_comm_receive(chain->hosts, &chain->rows_mail, h, (int)h, ROWS,
                               chain->rows_received + h * most, most * sizeof *next);
    for (size_t h = 0; h < hosts; h++)
        if ((int)h != chain->hosts->rank)
            spine_comm_send(chain->hosts, &chain->rows_mail, hosts + h, (int)h, ROWS,
                            chain->rows_sent, row_words(count, stride) * sizeof *next);
    chain->is_travelling = true;
}

void spine_chain_receive_rows(struct spine_chain *chain, float *clean, uint64_t *number)
{
    const size_t stride = chain->extent.stride, most = row_words(chain->extent.rows, stride);

    if (!chain->is_travelling)
        return;
    spine_comm_await_all(&chain->rows_mail);
    chain->is_travelling = false;
    for (int h = 0; clean != NULL && h < chain->hosts->size; h++) {
        const uint64_t *next = chain->rows_received + (size_t)h * most;
        const uint64_t count = h == chain->hosts->rank ? 0 : *next++;
        for (uint64_t i = 0; i < count; i++) {
            const uint64_t slot = *next++;
            number[slot] = *next++;
            memcpy(clean + slot * stride, next, stride * sizeof *clean);
            next += stride * sizeof *clean / sizeof *next;
        }
    }
}

/* --- Candidates --------------------------------------------------------------------------- */

struct spine_pair *spine_chain_begin_pairs(struct spine_chain *chain, size_t count, size_t k)
{
    assert(count * k <= chain->extent.pairs);
    memset(chain->pairs_sent, 0, count * k * sizeof *chain->pairs_sent);
    return chain->pairs_sent;
}

void spine_chain_exchange_pairs(struct spine_chain *chain, size_t count, size_t k)
{
    spine_comm_collect_bytes(chain->hosts, chain->pairs_sent, count * k * sizeof *chain->pairs_sent,
                             chain->pairs_received);
}

void spine_chain_cut(const struct spine_chain *chain, size_t count, size_t k,
                     struct spine_scratch *scratch, struct spine_cut *cuts)
{
    for (size_t i = 0; i < count; i++)
        spine_lists_cut(chain->pairs_received + i * k, (size_t)chain->hosts->size, count * k, k,
                        scratch, &cuts[i]);
}

/* --- Pieces of y and dY ----------------------------------------------------------------------- */

static size_t slot_of(enum spine_chain_kind kind, size_t piece)
{
    return (size_t)kind * SPINE_CHAIN_PIECES + piece;
}

static size_t piece_bytes(const struct spine_chain *chain, size_t piece)
{
    return (chain->piece_begin[piece + 1] - chain->piece_begin[piece]) * sizeof(float);
}

void spine_chain_begin(struct spine_chain *chain, const size_t *floats, size_t count)
{
    assert(count <= SPINE_CHAIN_PIECES);
    chain->piece_begin[0] = 0;
    for (size_t p = 0; p < count; p++)
        chain->piece_begin[p + 1] = chain->piece_begin[p] + floats[p];
    assert(chain->piece_begin[count] <= chain->extent.share);
}

void spine_chain_expect(struct spine_chain *chain, enum spine_chain_kind kind, size_t piece,
                        int host)
{
    spine_comm_receive(chain->hosts, &chain->mail, EXPECTED + slot_of(kind, piece), host, kind,
                       chain->received + chain->piece_begin[piece], piece_bytes(chain, piece));
}

float *spine_chain_await(struct spine_chain *chain, enum spine_chain_kind kind, size_t piece)
{
    spine_comm_await(&chain->mail, EXPECTED + slot_of(kind, piece));
    return chain->received + chain->piece_begin[piece];
}

float *spine_chain_place(struct spine_chain *chain, size_t piece)
{
    return chain->sent + chain->piece_begin[piece];
}

void spine_chain_send(struct spine_chain *chain, enum spine_chain_kind kind, size_t piece, int host,
                      const float *data)
{
    spine_comm_send(chain->hosts, &chain->mail, SENT + slot_of(kind, piece), host, kind, data,
                    piece_bytes(chain, piece));
}

void spine_chain_end(struct spine_chain *chain)
{
    spine_comm_await_all(&chain->mail);
}

void spine_chain_copy(size_t count, const float *from, float *to)
{
    memcpy(to, from, count * sizeof *to);
}
