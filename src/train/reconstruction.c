/* reconstruction.c -- the reconstruction of a step's rows, and its residual. */
#include "spine/train/reconstruction.h"

#include <math.h>

#include "spine/math/decoding.h"
#include "spine/math/exact.h"
#include "spine/train/codes.h"
#include "spine/train/minibatch.h"

enum { ROWS = SPINE_BLOCK_ROWS };

/* What is reconstructed from which codes; the derivative takes the place of y. */
struct target {
    const struct spine_step_codes *codes;
    struct spine_params params;
    struct spine_prefixes prefixes;
    const float *rows; /* (slots, D), times 'scale' */
    float *y;          /* (prefixes + 1, slots, D) */
    float scale, factor;
    double weight, quantum; /* of the squares that are returned */
};

/* Compute dY of a row in a chunk, for each width including all greater ones. */
static void find_residuals(const struct target *target, size_t apart, size_t row, size_t chunk,
                           struct spine_reconstruction *sums)
{
    const size_t stride = target->params.stride, prefixes = target->prefixes.count;
    float *y = target->y + row * stride;

    for (size_t w = 0; w <= prefixes; w++) {
        const float found = spine_chunk_residual(stride, chunk, target->rows + row * stride,
                                                 target->scale, target->factor, y + w * apart);
        *(w == prefixes ? &sums->squares : &sums->nested) +=
            spine_exact_round(target->weight * (double)found, target->quantum);
    }
    for (size_t w = prefixes; w-- > 0;)
        spine_chunk_add(stride, chunk, y + (w + 1) * apart, y + w * apart);
}

/* Some rows of a block, and some of their chunks. */
struct cell {
    size_t block;
    struct spine_range rows, chunks;
};

/* Get the next cell of a share, which has [*at, end) of all pieces of rows, and advance *at. In
 * dense mode a cell has several rows, which is faster. Returns false at the end. */
static bool next_cell(const struct spine_stepper *stepper, size_t *at, size_t end,
                      struct cell *cell)
{
    const struct spine_step_memory *own = &stepper->memory;
    const size_t few = stepper->mode == SPINE_DENSE ? SPINE_STEP_ROWS : 1;
    const size_t chunks = spine_chunks(stepper->params.stride);

    while (*at < end) {
        const size_t row = *at / chunks * few, left = end - *at, first = *at % chunks;
        const size_t last = left < chunks - first ? first + left : chunks;
        const size_t block = row / ROWS, rows = own->codes.blocks[block].rows;
        const size_t stop = row % ROWS + few < rows ? row % ROWS + few : rows;
        *at += last - first;
        if (row % ROWS >= rows)
            continue;
        *cell = (struct cell){block, {row % ROWS, stop}, {first, last}};
        return true;
    }
    return false;
}

/* Compute y of a cell, or continue it. */
static void decode(struct spine_stepper *stepper, const struct target *target,
                   const struct cell *cell)
{
    struct spine_step_memory *own = &stepper->memory;
    const size_t stride = target->params.stride, team = (size_t)own->team.size;
    const struct spine_range *rows = &cell->rows, *chunks = &cell->chunks;
    const struct spine_block *const *tiles = spine_codes_tiles(stepper, target->codes, cell->block);
    const bool continues = stepper->grid->host > 0;
    float *y = target->y + cell->block * ROWS * stride;

    if (target->prefixes.count > 0)
        spine_block_decode_nested(tiles, team, &own->scratch, rows->first, rows->end, chunks->first,
                                  chunks->end, &target->params, &target->prefixes,
                                  own->slots * stride, continues, y);
    else
        spine_block_decode(tiles, team, &own->scratch, rows->first, rows->end, chunks->first,
                           chunks->end, &target->params, continues, y);
}

/* Compute y of a part of the share, or continue it; and on the host of the last units, dY. */
static void find_part(struct spine_stepper *stepper, const struct target *target,
                      const struct spine_range *part, struct spine_reconstruction *sums)
{
    const size_t apart = stepper->memory.slots * target->params.stride;
    const bool is_last = stepper->grid->host == stepper->grid->hosts - 1;
    struct cell cell;

    for (size_t at = part->first; next_cell(stepper, &at, part->end, &cell);) {
        const size_t first = cell.block * ROWS;
        decode(stepper, target, &cell);
        for (size_t i = first + cell.rows.first; is_last && i < first + cell.rows.end; i++)
            for (size_t c = cell.chunks.first; c < cell.chunks.end; c++)
                find_residuals(target, apart, i, c, sums);
    }
}

/* --- Units on several hosts --------------------------------------------------------------- */

/* Copy y of a part of the share, of all widths, to where it travels from; or back, if 'arrives'.
 * 'data' NULL: only count. Returns the number of floats. */
static size_t copy_part(const struct spine_stepper *stepper, const struct target *target,
                        const struct spine_range *part, bool arrives, float *data)
{
    const size_t stride = target->params.stride, apart = stepper->memory.slots * stride;
    struct cell cell;
    size_t copied = 0;

    for (size_t at = part->first; next_cell(stepper, &at, part->end, &cell);) {
        const size_t begin = spine_chunk_begin(stride, cell.chunks.first);
        const size_t count = spine_chunk_begin(stride, cell.chunks.end) - begin;
        for (size_t i = cell.rows.first; i < cell.rows.end; i++)
            for (size_t w = 0; w <= target->prefixes.count; w++) {
                float *y = target->y + w * apart + (cell.block * ROWS + i) * stride + begin;
                if (data != NULL)
                    spine_chain_copy(count, arrives ? data + copied : y,
                                     arrives ? y : data + copied);
                copied += count;
            }
    }
    return copied;
}

/* Cut the share into pieces. */
static size_t cut_pieces(struct spine_stepper *stepper, const struct target *target,
                         const struct spine_range *share, struct spine_range *pieces)
{
    const size_t wanted = SPINE_CHAIN_HOST_PIECES * (size_t)stepper->grid->hosts,
                 most = SPINE_CHAIN_PIECES;
    const size_t length = share->end - share->first, few = wanted < most ? wanted : most;
    const size_t count = length < few ? length : few;
    size_t floats[SPINE_CHAIN_PIECES] = {0};

    for (size_t p = 0; p < count; p++) {
        pieces[p].first = share->first + length * p / count;
        pieces[p].end = share->first + length * (p + 1) / count;
        floats[p] = copy_part(stepper, target, &pieces[p], false, NULL);
    }
    spine_chain_begin(&stepper->memory.chain, floats, count);
    return count;
}

/* Wait for a piece, and copy it into y. */
static float *receive(struct spine_stepper *stepper, const struct target *target,
                      enum spine_chain_kind kind, size_t piece, const struct spine_range *part)
{
    const double started = spine_comm_clock();
    float *data = spine_chain_await(&stepper->memory.chain, kind, piece);

    stepper->waited += spine_comm_clock() - started;
    copy_part(stepper, target, part, true, data);
    return data;
}

/* Compute this rank's share together with its counterparts on the other hosts: y passes from host
 * to host, and dY from the last one around. */
static void find_over_hosts(struct spine_stepper *stepper, const struct target *target,
                            const struct spine_range *share, struct spine_reconstruction *sums)
{
    struct spine_chain *chain = &stepper->memory.chain;
    const int host = stepper->grid->host, last = stepper->grid->hosts - 1;
    const int before = host > 0 ? host - 1 : last, next = host < last ? host + 1 : 0;
    struct spine_range pieces[SPINE_CHAIN_PIECES];
    const size_t count = cut_pieces(stepper, target, share, pieces);

    for (size_t p = 0; p < count; p++)
        spine_chain_expect(chain, host == 0 ? SPINE_CHAIN_DY : SPINE_CHAIN_Y, p, before);
    for (size_t p = 0; p < count; p++) {
        if (host > 0)
            receive(stepper, target, SPINE_CHAIN_Y, p, &pieces[p]);
        if (host > 0 && host < last)
            spine_chain_expect(chain, SPINE_CHAIN_DY, p, before);
        find_part(stepper, target, &pieces[p], sums);
        copy_part(stepper, target, &pieces[p], false, spine_chain_place(chain, p));
        spine_chain_send(chain, host == last ? SPINE_CHAIN_DY : SPINE_CHAIN_Y, p, next,
                         spine_chain_place(chain, p));
    }
    for (size_t p = 0; host < last && p < count; p++) {
        const float *dY = receive(stepper, target, SPINE_CHAIN_DY, p, &pieces[p]);
        if (next < last)
            spine_chain_send(chain, SPINE_CHAIN_DY, p, next, dY);
    }

    const double started = spine_comm_clock();
    spine_chain_end(chain);
    stepper->waited += spine_comm_clock() - started;
}

/* --- All units ---------------------------------------------------------------------------- */

/* Each rank has a share of the rows' chunks. */
static struct spine_reconstruction find(struct spine_stepper *stepper, const struct target *target)
{
    const struct spine_step_memory *own = &stepper->memory;
    const size_t few = stepper->mode == SPINE_DENSE ? SPINE_STEP_ROWS : 1;
    const size_t count = own->slots / few * spine_chunks(target->params.stride);
    const size_t rank = (size_t)own->team.rank, size = (size_t)own->team.size;
    const struct spine_range share = {count * rank / size, count * (rank + 1) / size};
    const double begun = spine_stepper_begin_span(stepper);
    struct spine_reconstruction sums = {0, 0};

    if (stepper->grid->hosts > 1)
        find_over_hosts(stepper, target, &share, &sums);
    else
        find_part(stepper, target, &share, &sums);
    spine_stepper_end_span(stepper, stepper->grid->hosts > 1 ? "decode with other hosts" : "decode",
                           begun);
    return sums;
}

static float find_factor(const struct spine_stepper *stepper, size_t batch_rows)
{
    return (float)(2 / ((double)batch_rows * (double)stepper->params.dim));
}

struct spine_reconstruction spine_reconstruction_find(struct spine_stepper *stepper,
                                                      const struct spine_dataset *data,
                                                      size_t batch_rows)
{
    const struct spine_step_memory *own = &stepper->memory;
    const struct target target = {.codes = &own->codes,
                                  .params = stepper->params,
                                  .prefixes = stepper->settings.prefixes,
                                  .rows = spine_minibatch_rows(stepper)->clean,
                                  .y = own->y,
                                  .scale = 1,
                                  .factor = find_factor(stepper, batch_rows),
                                  .weight = 1,
                                  .quantum = data->quantum};
    const struct spine_reconstruction sums = find(stepper, &target);

    /* For silent units; clamped, so that sums over ranks don't overflow. */
    own->squares[stepper->grid->node.rank] =
        stepper->settings.silence.k > 0 && isfinite(sums.squares)
            ? (int64_t)fmin(sums.squares / data->quantum, 0x1p52)
            : 0;
    return sums;
}

double spine_reconstruction_leave(struct spine_stepper *stepper, const struct spine_dataset *data,
                                  size_t batch_rows, double error)
{
    /* A loss is 1 where silent units do nothing; above what they do at the worst, sums may
     * round. */
    const double most = 0x1p10 * (double)data->part.num_rows;
    const struct spine_step_memory *own = &stepper->memory;
    const size_t widest = stepper->settings.prefixes.count * own->slots * data->stride;
    struct target target = {.codes = &own->silent,
                            .params = stepper->params,
                            .rows = own->y + widest,
                            .y = own->left,
                            .scale = -1 / find_factor(stepper, batch_rows),
                            .factor = (float)(2 * stepper->settings.silence.weight / error),
                            .weight = (double)batch_rows / error,
                            .quantum = spine_exact_quantum(most, 52)};

    target.params.b2 = NULL;
    return find(stepper, &target).squares;
}
