/* backward.c -- the gradient of a step's parameters, a few units at a time. */
#include "spine/math/backward.h"

#include <assert.h>
#include <string.h>

#include "spine/base/clones.h"
#include "spine/math/products.h"

enum { ROWS = SPINE_BLOCK_ROWS, PANEL = SPINE_PANEL_ROWS };

void spine_backward_begin(const struct spine_backward *backward, struct spine_scratch *scratch,
                          const struct spine_params *params)
{
    for (size_t b = 0; b < backward->num_blocks; b++) {
        const struct spine_block *block = &backward->blocks[b];
        for (size_t i = 0; block->mode == SPINE_DENSE && i < block->rows; i += PANEL)
            spine_block_pack(block->rows - i < PANEL ? block->rows - i : PANEL, params->dim,
                             params->stride, 0, params->dim,
                             backward->dY + (block->first_row + i) * params->stride,
                             scratch->packed + (b * ROWS + i) * params->dim);
    }
}

/* End a part of the list, the rows of a leaf, before leaf 'next' (SIZE_MAX: none). Its parameters
 * are the state of a loop. */
static void end_part(struct spine_scratch *scratch, size_t count, size_t part, size_t *waiting,
                     size_t *num_waiting, size_t leaf, size_t next)
{
    scratch->part_end[part] = count;
    scratch->merges[part] = spine_tree_merges(waiting, num_waiting, leaf, next);
}

/* The pairs of a unit in all blocks. */
static struct spine_row_list unit_list(const struct spine_backward *backward,
                                       struct spine_scratch *scratch, size_t j)
{
    struct spine_row_list list = {.which = scratch->which,
                                  .factor = scratch->factor,
                                  .part_end = scratch->part_end,
                                  .merges = scratch->merges};
    size_t waiting[SPINE_TREE_LEVELS], num_waiting = 0, leaf = 0;

    for (size_t b = 0; b < backward->num_blocks; b++) {
        const struct spine_block *block = &backward->blocks[b];
        const uint32_t begin = block->unit_begin[j], end = block->unit_begin[j + 1];
        if (begin == end)
            continue;
        if (list.count > 0 && block->leaf != leaf)
            end_part(scratch, list.count, list.num_parts++, waiting, &num_waiting, leaf,
                     block->leaf);
        leaf = block->leaf;
        for (uint32_t p = begin; p < end; p++) {
            scratch->which[list.count] = (int32_t)(block->first_row + block->row[p]);
            scratch->factor[list.count] = block->unit_value[p];
            scratch->open[list.count++] = block->open[p];
        }
    }

    end_part(scratch, list.count, list.num_parts++, waiting, &num_waiting, leaf, SIZE_MAX);
    return list;
}

/* The gradient of the parameters of a unit, in sparse mode. */
static void sparse_unit(const struct spine_backward *backward, struct spine_scratch *scratch,
                        size_t unit, const struct spine_params *params, const float *add,
                        float *dW1, float *db1, float *dW2)
{
    const size_t stride = params->stride;
    struct spine_row_list list =
        unit_list(backward, scratch, unit - backward->blocks[0].first_unit);
    const float *dY =
        backward->dY + spine_prefixes_without(&backward->prefixes, unit) * backward->apart;
    float *dz = scratch->other;

    if (list.num_parts == 1) {
        spine_products.dots_gather(&list, stride, dY, params->W2 + unit * stride, dz, dW2);
    } else {
        spine_products.dots(&list, stride, dY, params->W2 + unit * stride, dz);
        spine_products.gather(&list, 0, stride, stride, dY, NULL, dW2);
    }
    for (size_t p = 0; p < list.count; p++) {
        const float inside = dz[p] + (add[unit] - backward->slope * list.factor[p]);
        dz[p] = scratch->open[p] ? inside : 0;
    }
    list.factor = dz;
    *db1 = spine_sum_factors(&list);
    spine_products.gather(&list, 0, stride, stride, backward->x, NULL, dW1);
}

/* out (count, ROWS) = dz of a block, from dY W2' in it; the parameters are vectors. */
SPINE_CLONES
static void dense_gradient(size_t count, size_t rows, const float *z, const float *h,
                           const float *add, float slope, float cap, float *out)
{
    for (size_t u = 0; u < count; u++)
        for (size_t i = 0; i < rows; i++) {
            const size_t at = u * ROWS + i;
            const float inside = out[at] + (add[u] - slope * h[at]);
            out[at] = z[at] >= 0 && z[at] <= cap ? inside : 0;
        }
}

SPINE_CLONES
static void add_to(size_t count, const float *restrict values, float *restrict sum)
{
    for (size_t i = 0; i < count; i++)
        sum[i] = values[i] + sum[i];
}

/* In the order of a leaf's rows; db1 of the leaf so far in 'sums'. */
static void add_rows(size_t count, size_t rows, const float *dz, float *sums)
{
    for (size_t u = 0; u < count; u++)
        for (size_t i = 0; i < rows; i++)
            sums[u] += dz[u * ROWS + i];
}

/* The gradient of the parameters of a few units, in dense mode. */
static void dense_units(const struct spine_backward *backward, struct spine_scratch *scratch,
                        size_t unit, size_t count, const struct spine_params *params,
                        const float *add, float *dW1, float *db1, float *dW2)
{
    const size_t stride = params->stride, size = count * stride;
    const size_t j = unit - backward->blocks[0].first_unit;
    size_t waiting[SPINE_TREE_LEVELS], num_waiting = 0;
    float bias_levels[SPINE_TREE_LEVELS][SPINE_BLOCK_UNITS] = {{0}}, *dz = scratch->tile;

    memset(dW1, 0, size * sizeof *dW1);
    memset(dW2, 0, size * sizeof *dW2);
    memset(db1, 0, count * sizeof *db1);

    for (size_t b = 0; b < backward->num_blocks; b++) {
        const struct spine_block *block = &backward->blocks[b];
        const float *h = block->value + j * ROWS, *z = block->unit_value + j * ROWS;
        const size_t row = block->first_row * stride;

        spine_products.product(count, block->rows, params->dim, stride,
                               scratch->packed + b * ROWS * params->dim, params->W2 + unit * stride,
                               dz);
        dense_gradient(count, block->rows, z, h, add + unit, backward->slope,
                       spine_activation_cap(&block->activation), dz);
        spine_products.outer(count, block->rows, h, ROWS, 1, 0, stride, stride, backward->dY + row,
                             dW2);
        spine_products.outer(count, block->rows, dz, ROWS, 1, 0, stride, stride, backward->x + row,
                             dW1);
        add_rows(count, block->rows, dz, db1);

        const bool is_last = b + 1 == backward->num_blocks;
        if (!is_last && block[1].leaf == block->leaf)
            continue;

        const size_t before = num_waiting;
        const int merges = spine_tree_merges(waiting, &num_waiting, block->leaf,
                                             is_last ? SIZE_MAX : block[1].leaf);
        for (int m = 0; m < merges; m++) {
            const float *level =
                scratch->levels + (before - 1 - (size_t)m) * 2 * SPINE_BLOCK_UNITS * stride;
            add_to(size, level, dW1);
            add_to(size, level + SPINE_BLOCK_UNITS * stride, dW2);
            add_to(count, bias_levels[before - 1 - (size_t)m], db1);
        }
        if (!is_last) {
            float *level = scratch->levels + (num_waiting - 1) * 2 * SPINE_BLOCK_UNITS * stride;
            memcpy(level, dW1, size * sizeof *dW1);
            memcpy(level + SPINE_BLOCK_UNITS * stride, dW2, size * sizeof *dW2);
            memcpy(bias_levels[num_waiting - 1], db1, count * sizeof *db1);
            memset(dW1, 0, size * sizeof *dW1);
            memset(dW2, 0, size * sizeof *dW2);
            memset(db1, 0, count * sizeof *db1);
        }
    }
}

/* The parameters are those of block.h. */
void spine_backward_units(const struct spine_backward *backward, struct spine_scratch *scratch,
                          size_t unit, size_t count, const struct spine_params *params,
                          const float *add, float *dW1, float *db1, float *dW2)
{
    assert(count <= SPINE_BLOCK_UNITS);
    if (backward->num_blocks == 0) {
        memset(dW1, 0, count * params->stride * sizeof *dW1);
        memset(dW2, 0, count * params->stride * sizeof *dW2);
        memset(db1, 0, count * sizeof *db1);
    } else if (backward->blocks[0].mode == SPINE_DENSE)
        dense_units(backward, scratch, unit, count, params, add, dW1, db1, dW2);
    else
        for (size_t u = 0; u < count; u++)
            sparse_unit(backward, scratch, unit + u, params, add, dW1 + u * params->stride, db1 + u,
                        dW2 + u * params->stride);
}

void spine_backward_rows(const struct spine_backward *backward, struct spine_scratch *scratch,
                         size_t stride, size_t first, size_t end, float *db2)
{
    struct spine_row_list list = {.which = scratch->which,
                                  .factor = scratch->factor,
                                  .part_end = scratch->part_end,
                                  .merges = scratch->merges};
    size_t waiting[SPINE_TREE_LEVELS], num_waiting = 0;
    if (first == end)
        return;
    for (size_t b = 0; b < backward->num_blocks; b++) {
        const struct spine_block *block = &backward->blocks[b];
        for (size_t i = 0; i < block->rows; i++) {
            scratch->which[list.count] = (int32_t)(block->first_row + i);
            scratch->factor[list.count++] = 1;
        }
        const bool is_last = b + 1 == backward->num_blocks;
        if (is_last || block[1].leaf != block->leaf)
            end_part(scratch, list.count, list.num_parts++, waiting, &num_waiting, block->leaf,
                     is_last ? SIZE_MAX : block[1].leaf);
    }
    spine_products.gather(&list, spine_chunk_begin(stride, first), spine_chunk_begin(stride, end),
                          stride, backward->dY, NULL, db2);
}
