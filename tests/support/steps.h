/* steps.h -- a step of training in one process, from the products of block.h, cut as if by several
 * ranks. After cmocka.h. */
#ifndef SPINE_STEPS_H
#define SPINE_STEPS_H

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "spine/math/backward.h"
#include "spine/math/decoding.h"
#include "spine/math/encoding.h"
#include "support/expect.h"

/* How the step is cut. */
struct cuts {
    enum spine_mode mode;
    size_t tiles;       /* ranges of units; 0 is 1 */
    size_t leaf_blocks; /* of a leaf; 0: all */
    size_t first_block; /* with a row group: its first block, of which leaves are counted */
    struct spine_activation activation;
    struct spine_prefixes prefixes;
};

/* What a step makes of parameters and rows. */
struct step_result {
    struct spine_params gradient; /* owned */
    int64_t *h_sum;               /* owned; (H) */
    double squares, partial, asl; /* of the rows; as in model.h */
    double l1;                    /* the sum of h_sum */
    double nested;                /* squares of the prefixes together */
    int64_t active;
    bool not_finite;
};

static inline void dispose_result(struct step_result *result)
{
    spine_params_dispose(&result->gradient);
    free(result->h_sum);
}

struct step_parts {
    size_t num_blocks, num_tiles;
    struct spine_block *blocks; /* (tiles, blocks) */
    const struct spine_block **tiles;
    struct spine_scratch scratch;
    float *packed, *y, *add;
    size_t apart; /* floats between the widths of y */
};

static inline struct step_parts make_parts(const struct spine_params *params, size_t rows,
                                           const struct cuts *cuts)
{
    struct step_parts parts = {.num_blocks = (rows + SPINE_BLOCK_ROWS - 1) / SPINE_BLOCK_ROWS,
                               .num_tiles = cuts->tiles == 0 ? 1 : cuts->tiles};
    const size_t count = parts.num_blocks * parts.num_tiles;
    parts.blocks = calloc(count + 1, sizeof *parts.blocks);
    parts.tiles = calloc(parts.num_tiles, sizeof *parts.tiles);
    parts.packed =
        spine_kernel_alloc(parts.num_blocks * spine_block_packed(params->dim), "a test", &err);
    parts.y = spine_kernel_alloc((cuts->prefixes.count + 1) * (rows + 1) * params->stride, "a test",
                                 &err);
    parts.apart = (rows + 1) * params->stride;
    parts.add = spine_kernel_alloc(params->hidden, "a test", &err);
    TRY(spine_scratch_init(&parts.scratch, rows + 1, params->hidden, params->dim, &err));
    for (size_t i = 0; i < count; i++) {
        struct spine_block *block = &parts.blocks[i];
        const size_t b = i % parts.num_blocks, leaf = cuts->leaf_blocks;
        TRY(spine_block_init(block, params->hidden, NULL, &err));
        block->activation = cuts->activation;
        block->first_row = b * SPINE_BLOCK_ROWS;
        block->rows = rows - block->first_row;
        if (block->rows > SPINE_BLOCK_ROWS)
            block->rows = SPINE_BLOCK_ROWS;
        block->leaf = leaf == 0 ? 0 : (cuts->first_block + b) / leaf;
    }
    return parts;
}

static inline void dispose_parts(struct step_parts *parts)
{
    for (size_t i = 0; i < parts->num_blocks * parts->num_tiles; i++)
        spine_block_dispose(&parts->blocks[i]);
    spine_scratch_dispose(&parts->scratch);
    free(parts->blocks);
    free(parts->tiles);
    free(parts->packed);
    free(parts->y);
    free(parts->add);
}

/* The first unit of a tile. */
static inline size_t first_unit(const struct step_parts *parts, size_t hidden, size_t tile)
{
    return tile * hidden / parts->num_tiles;
}

/* The codes of all tiles of a block, or candidates. */
static inline void encode_block(struct step_parts *parts, const struct spine_params *params,
                                size_t b, const struct cuts *cuts, struct step_result *result)
{
    struct spine_block_sums sums = {0};
    for (size_t t = 0; t < parts->num_tiles; t++) {
        const size_t first = first_unit(parts, params->hidden, t);
        sums.h = result->h_sum + first;
        spine_block_encode(&parts->blocks[t * parts->num_blocks + b], &parts->scratch, cuts->mode,
                           first, first_unit(parts, params->hidden, t + 1) - first, params,
                           parts->packed + b * spine_block_packed(params->dim), &sums);
    }
    result->partial += (double)sums.partial / SPINE_BLOCK_SCALE;
    result->active += sums.active;
    result->not_finite |= sums.not_finite;
}

static inline void list_tiles(struct step_parts *parts, size_t b)
{
    for (size_t t = 0; t < parts->num_tiles; t++)
        parts->tiles[t] = &parts->blocks[t * parts->num_blocks + b];
}

/* Of the candidates of a block, what is kept, and its sums. */
static inline void keep_block(struct step_parts *parts, const struct spine_params *params, size_t b,
                              const struct spine_cut *kept, struct step_result *result)
{
    struct spine_block_sums sums = {0};
    for (size_t t = 0; t < parts->num_tiles; t++) {
        sums.h = result->h_sum + first_unit(parts, params->hidden, t);
        spine_block_keep(&parts->blocks[t * parts->num_blocks + b], kept, &sums);
    }
    result->partial += (double)sums.partial / SPINE_BLOCK_SCALE;
    result->active += sums.active;
}

/* The least of the k B largest candidates of all blocks. */
static inline float find_least(const struct step_parts *parts, size_t wanted)
{
    struct spine_search search;
    spine_search_begin(&search, (int64_t)wanted);
    for (int round = 0; round < SPINE_SEARCH_ROUNDS && search.left > 0; round++) {
        int64_t histogram[SPINE_SEARCH_BINS] = {0};
        for (size_t i = 0; i < parts->num_blocks * parts->num_tiles; i++)
            spine_search_count(&search, parts->blocks[i].unit_begin[parts->blocks[i].units],
                               parts->blocks[i].unit_value, histogram);
        spine_search_narrow(&search, histogram);
    }
    return spine_search_found(&search);
}

/* Select among the candidates of all blocks. */
static inline void select_blocks(struct step_parts *parts, const struct spine_params *params,
                                 size_t batch_rows, const struct cuts *cuts,
                                 struct step_result *result)
{
    const struct spine_activation *activation = &cuts->activation;
    const bool is_of_row = activation->selection == SPINE_OF_ROW;
    const float least = is_of_row ? 0 : find_least(parts, activation->k * batch_rows);
    for (size_t b = 0; b < parts->num_blocks; b++) {
        struct spine_cut kept[SPINE_BLOCK_ROWS];
        for (size_t i = 0; i < SPINE_BLOCK_ROWS; i++)
            kept[i] = (struct spine_cut){least, least > 0 ? INT32_MAX : -1};
        list_tiles(parts, b);
        if (is_of_row)
            spine_block_cut(parts->tiles, parts->num_tiles, &parts->scratch, activation->k, 0,
                            parts->blocks[b].rows, kept);
        keep_block(parts, params, b, kept, result);
    }
}

/* h, and its sums, of all tiles; then y, turned into dY. */
static inline void go_forward(struct step_parts *parts, const struct spine_params *params,
                              size_t batch_rows, const float *clean, const float *noisy,
                              const struct cuts *cuts, struct step_result *result)
{
    const size_t dim = params->dim, stride = params->stride, chunks = spine_chunks(stride);
    const float factor = (float)(2 / ((double)batch_rows * (double)dim));
    const size_t widths = cuts->prefixes.count;
    for (size_t b = 0; b < parts->num_blocks; b++) {
        float *packed = parts->packed + b * spine_block_packed(dim);
        const struct spine_block *block = &parts->blocks[b];
        for (size_t i = 0; i < block->rows; i += SPINE_PANEL_ROWS) {
            const size_t left = block->rows - i;
            spine_block_pack(left < SPINE_PANEL_ROWS ? left : SPINE_PANEL_ROWS, dim, stride, 0, dim,
                             noisy + (block->first_row + i) * stride, packed + i * dim);
        }
        encode_block(parts, params, b, cuts, result);
    }
    if (cuts->activation.selection != SPINE_ABOVE)
        select_blocks(parts, params, batch_rows, cuts, result);
    for (size_t b = 0; b < parts->num_blocks; b++) {
        const struct spine_block *block = &parts->blocks[b];
        float *y = parts->y + block->first_row * stride;
        list_tiles(parts, b);
        if (widths > 0)
            spine_block_decode_nested(parts->tiles, parts->num_tiles, &parts->scratch, 0,
                                      block->rows, 0, chunks, params, &cuts->prefixes, parts->apart,
                                      false, y);
        else
            spine_block_decode(parts->tiles, parts->num_tiles, &parts->scratch, 0, block->rows, 0,
                               chunks, params, false, y);
        for (size_t i = 0; i < block->rows; i++)
            for (size_t c = 0; c < chunks; c++) {
                float *at = y + i * stride;
                for (size_t w = 0; w <= widths; w++)
                    *(w == widths ? &result->squares : &result->nested) +=
                        (double)spine_chunk_residual(stride, c,
                                                     clean + (block->first_row + i) * stride, 1,
                                                     factor, at + w * parts->apart);
                for (size_t w = widths; w-- > 0;)
                    spine_chunk_add(stride, c, at + (w + 1) * parts->apart, at + w * parts->apart);
            }
    }
}

/* The gradient, with ASL of sums of h of the whole batch. */
static inline void go_backward(struct step_parts *parts, const struct spine_params *params,
                               size_t batch_rows, const float *noisy,
                               const struct spine_loss_weights *weights, const int64_t *h_sum,
                               const struct cuts *cuts, struct step_result *result)
{
    const double rows = (double)batch_rows, hidden = (double)params->hidden;
    const size_t stride = params->stride;
    for (size_t j = 0; j < params->hidden; j++) {
        const double mean = (double)h_sum[j] / SPINE_BLOCK_SCALE / rows;
        const double over = fmax(0, mean - (1 - weights->sparsity));
        result->asl += over * over / hidden;
        result->l1 += (double)h_sum[j] / SPINE_BLOCK_SCALE;
        parts->add[j] = (float)((weights->psl + 2 * weights->asl * over) / (rows * hidden) +
                                weights->l1 / (rows * (double)params->dim));
    }
    for (size_t t = 0; t < parts->num_tiles; t++) {
        const struct spine_backward backward = {.blocks = parts->blocks + t * parts->num_blocks,
                                                .num_blocks = parts->num_blocks,
                                                .x = noisy,
                                                .dY = parts->y,
                                                .slope =
                                                    (float)(2 * weights->psl / (rows * hidden)),
                                                .prefixes = cuts->prefixes,
                                                .apart = parts->apart};
        const size_t first = first_unit(parts, params->hidden, t);
        const size_t end = first_unit(parts, params->hidden, t + 1);
        spine_backward_begin(&backward, &parts->scratch, params);
        for (size_t j = first; j < end; j += SPINE_BLOCK_UNITS)
            spine_backward_units(&backward, &parts->scratch, j,
                                 end - j < SPINE_BLOCK_UNITS ? end - j : SPINE_BLOCK_UNITS, params,
                                 parts->add, result->gradient.W1 + j * stride,
                                 result->gradient.b1 + j, result->gradient.W2 + j * stride);
        spine_backward_rows(&backward, &parts->scratch, stride, 0, spine_chunks(stride),
                            result->gradient.b2);
    }
}

/* The step of rows (rows, D) as the whole batch of batch_rows rows. */
static inline struct step_result
take_step(const struct spine_params *params, size_t rows, size_t batch_rows, const float *clean,
          const float *noisy, const struct spine_loss_weights *weights, const struct cuts *cuts)
{
    struct step_result result = {.h_sum = calloc(params->hidden, sizeof *result.h_sum)};
    struct step_parts parts = make_parts(params, rows, cuts);
    TRY(spine_params_init(&result.gradient, params->dim, params->hidden, &err));
    go_forward(&parts, params, batch_rows, clean, noisy, cuts, &result);
    go_backward(&parts, params, batch_rows, noisy, weights, result.h_sum, cuts, &result);
    dispose_parts(&parts);
    return result;
}

#endif
