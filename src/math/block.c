/* block.c -- the memory of a step's codes and of computing with them. */
#include "spine/math/block.h"

#include <stdlib.h>

#include "spine/base/memory.h"
#include "spine/math/kernels.h"

enum { ROWS = SPINE_BLOCK_ROWS, PANEL = SPINE_PANEL_ROWS };

int spine_scratch_init(struct spine_scratch *scratch, size_t most_rows, size_t most_units,
                       size_t dim, struct spine_error *err)
{
    static const char what[] = "the scratch of a step";
    const size_t blocks = spine_block_count(most_rows);
    const size_t most = most_rows > most_units ? most_rows : most_units;
    const size_t stride = spine_kernel_stride(dim);

    spine_products_choose();
    *scratch =
        (struct spine_scratch){.most_rows = blocks * ROWS, .most_units = most_units, .dim = dim};
    if ((scratch->which = spine_memory_aligned(most, sizeof(int32_t), what, err)) == NULL ||
        (scratch->factor = spine_memory_aligned(most, sizeof(float), what, err)) == NULL ||
        (scratch->other = spine_memory_aligned(most, sizeof(float), what, err)) == NULL ||
        (scratch->open = spine_memory_aligned(most_rows, 1, what, err)) == NULL ||
        (scratch->flags = spine_memory_aligned(ROWS, 1, what, err)) == NULL ||
        (scratch->tile = spine_memory_aligned((size_t)SPINE_PRODUCT_UNITS * ROWS, sizeof(float),
                                              what, err)) == NULL ||
        (scratch->packed = spine_memory_aligned(blocks * ROWS * dim, sizeof(float), what, err)) ==
            NULL ||
        (scratch->levels = spine_memory_aligned(2 * SPINE_TREE_LEVELS * SPINE_BLOCK_UNITS * stride,
                                                sizeof(float), what, err)) == NULL ||
        (scratch->part_end = spine_memory_aligned(blocks + 1, sizeof(size_t), what, err)) == NULL ||
        (scratch->merges = spine_memory_aligned(blocks + 1, sizeof(int), what, err)) == NULL) {
        spine_scratch_dispose(scratch);
        return -1;
    }
    return 0;
}

void spine_scratch_dispose(struct spine_scratch *scratch)
{
    free(scratch->which);
    free(scratch->factor);
    free(scratch->other);
    free(scratch->open);
    free(scratch->flags);
    free(scratch->tile);
    free(scratch->packed);
    free(scratch->levels);
    free(scratch->part_end);
    free(scratch->merges);
    *scratch = (struct spine_scratch){0};
}

static size_t aligned(size_t bytes)
{
    return (bytes + SPINE_MEMORY_ALIGN - 1) / SPINE_MEMORY_ALIGN * SPINE_MEMORY_ALIGN;
}

enum { BEGIN_BYTES = 320 }; /* of row_begin, aligned */

size_t spine_block_shared_bytes(size_t most_units)
{
    return BEGIN_BYTES + 2 * aligned(most_units * ROWS * sizeof(float));
}

void spine_block_view(struct spine_block *block, size_t most_units, void *shared)
{
    *block = (struct spine_block){.shared = shared, .is_borrowed = true};
    block->row_begin = shared;
    block->unit = (int32_t *)((char *)shared + BEGIN_BYTES);
    block->value = (float *)((char *)block->unit + aligned(most_units * ROWS * sizeof(float)));
}

int spine_block_init(struct spine_block *block, size_t most_units, void *shared,
                     struct spine_error *err)
{
    static const char what[] = "the codes of a block";
    const size_t pairs = most_units * ROWS;
    const bool is_borrowed = shared != NULL;

    *block = (struct spine_block){0};
    if (!is_borrowed)
        shared = spine_memory_aligned(spine_block_shared_bytes(most_units), 1, what, err);
    if (shared == NULL)
        return -1;
    spine_block_view(block, most_units, shared);
    block->is_borrowed = is_borrowed;
    if ((block->unit_begin = spine_memory_aligned(most_units + 1, sizeof(uint32_t), what, err)) ==
            NULL ||
        (block->row = spine_memory_aligned(pairs, 1, what, err)) == NULL ||
        (block->unit_value = spine_memory_aligned(pairs, sizeof(float), what, err)) == NULL ||
        (block->open = spine_memory_aligned(pairs, 1, what, err)) == NULL ||
        (block->candidates = spine_memory_aligned(most_units, sizeof(uint64_t), what, err)) ==
            NULL) {
        spine_block_dispose(block);
        return -1;
    }
    return 0;
}

void spine_block_dispose(struct spine_block *block)
{
    if (!block->is_borrowed)
        free(block->shared);
    free(block->unit_begin);
    free(block->row);
    free(block->unit_value);
    free(block->open);
    free(block->candidates);
    *block = (struct spine_block){0};
}

size_t spine_block_bytes(size_t rows, size_t units, const struct spine_block_use *use)
{
    const double lists = sizeof(int32_t) + 2; /* of a pair */
    const double values = use->has_dense ? 1 : use->density;
    const double of_units = use->has_dense || use->has_candidates ? 1 : use->density;
    const double pair = sizeof(float) * (values + of_units) + use->density * lists;
    const size_t blocks = spine_block_count(rows);
    return (size_t)(pair * (double)rows * (double)units) +
           blocks * units * (sizeof(uint32_t) + sizeof(uint64_t));
}

size_t spine_block_packed(size_t dim)
{
    return dim * ROWS;
}

/* Shapes and ranges are parameters, as in BLAS. */
void spine_block_pack(size_t rows, size_t dim, size_t stride, size_t first, size_t end,
                      const float *x, float *panel)
{
    end = end < dim ? end : dim;
    for (size_t k = first; k < end; k++) {
        for (size_t i = 0; i < rows; i++)
            panel[k * PANEL + i] = x[i * stride + k];
        for (size_t i = rows; i < PANEL; i++)
            panel[k * PANEL + i] = 0;
    }
}
