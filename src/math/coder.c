/* coder.c -- codes and reconstructions of rows for all units, outside of training. */
#include "spine/math/coder.h"

#include <stdlib.h>
#include <string.h>

#include "spine/base/memory.h"
#include "spine/math/decoding.h"
#include "spine/math/exact.h"

enum { ROWS = SPINE_BLOCK_ROWS, PANEL = SPINE_PANEL_ROWS };

int spine_coder_init(struct spine_coder *coder, size_t dim, size_t hidden, struct spine_error *err)
{
    static const char what[] = "the codes of a block";
    const size_t stride = spine_kernel_stride(dim);

    *coder = (struct spine_coder){0};
    coder->packed = spine_memory_aligned(spine_block_packed(dim), sizeof(float), what, err);
    coder->residual = spine_memory_aligned(ROWS * stride, sizeof(float), what, err);
    coder->sums.h = spine_memory_zeroed(hidden, sizeof(int64_t), what, err);
    if (coder->packed == NULL || coder->residual == NULL || coder->sums.h == NULL ||
        spine_block_init(&coder->block, hidden, NULL, err) ||
        spine_scratch_init(&coder->scratch, ROWS, hidden, dim, err)) {
        spine_coder_dispose(coder);
        return -1;
    }
    return 0;
}

void spine_coder_dispose(struct spine_coder *coder)
{
    spine_block_dispose(&coder->block);
    spine_scratch_dispose(&coder->scratch);
    free(coder->packed);
    free(coder->residual);
    free(coder->sums.h);
    *coder = (struct spine_coder){0};
}

size_t spine_coder_bytes(size_t dim, size_t hidden, double density)
{
    const struct spine_block_use use = {.density = density};

    return 2 * spine_block_packed(dim) * sizeof(float) + hidden * sizeof(int64_t) +
           spine_block_bytes(ROWS, hidden, &use);
}

/* Solve for the codes, and count sums.active. */
static void solve(struct spine_coder *coder, size_t rows, const float *x,
                  struct spine_lasso_codes *kept)
{
    struct spine_block *block = &coder->block;

    spine_lasso_coder_encode(coder->solver, rows, x, kept, block->row_begin, block->unit,
                             block->value);
    for (size_t i = rows; i < ROWS; i++)
        block->row_begin[i + 1] = block->row_begin[rows];
    block->mode = SPINE_SPARSE;
    block->is_unclamped = false;
    block->first_unit = 0;
    block->units = coder->solver->lasso->units;
    coder->sums.active = block->row_begin[rows];
}

/* Keep the largest of the candidates. */
static void select_units(struct spine_coder *coder)
{
    const struct spine_block *block = &coder->block;
    struct spine_cut cuts[ROWS];

    spine_block_cut(&block, 1, &coder->scratch, block->activation.k, 0, block->rows, cuts);
    spine_block_keep(&coder->block, cuts, &coder->sums);
}

static void encode(struct spine_coder *coder, const struct spine_params *params, size_t rows,
                   const float *x, bool unclamped, struct spine_lasso_codes *kept)
{
    struct spine_block *block = &coder->block;
    const size_t dim = params->dim, stride = params->stride;

    memset(coder->sums.h, 0, params->hidden * sizeof *coder->sums.h);
    coder->sums = (struct spine_block_sums){.h = coder->sums.h};
    block->rows = rows;
    if (coder->solver != NULL) {
        solve(coder, rows, x, kept);
        return;
    }
    for (size_t i = 0; i < rows; i += PANEL)
        spine_block_pack(rows - i < PANEL ? rows - i : PANEL, dim, stride, 0, dim, x + i * stride,
                         coder->packed + i * dim);
    const struct spine_activation activation = block->activation;
    block->is_unclamped = unclamped;
    block->activation = spine_activation_encoding(activation, params->threshold);
    spine_block_encode(block, &coder->scratch, SPINE_SPARSE, 0, params->hidden, params,
                       coder->packed, &coder->sums);
    if (block->activation.selection != SPINE_ABOVE)
        select_units(coder);
    block->activation = activation;
}

void spine_coder_encode(struct spine_coder *coder, const struct spine_params *params, size_t rows,
                        const float *x, bool unclamped)
{
    encode(coder, params, rows, x, unclamped, NULL);
}

void spine_coder_encode_block(struct spine_coder *coder, const struct spine_params *params,
                              size_t block, size_t rows, const float *x, bool unclamped)
{
    encode(coder, params, rows, x, unclamped, coder->kept == NULL ? NULL : coder->kept + block);
}

double spine_coder_decode(struct spine_coder *coder, const struct spine_params *params,
                          const float *x, double quantum)
{
    const struct spine_block *block = &coder->block;
    const size_t chunks = spine_chunks(params->stride);
    double squares = 0;

    spine_block_decode(&block, 1, &coder->scratch, 0, block->rows, 0, chunks, params, false,
                       coder->residual);
    for (size_t i = 0; i < block->rows; i++)
        for (size_t c = 0; c < chunks; c++)
            squares += spine_exact_round(
                (double)spine_chunk_residual(params->stride, c, x + i * params->stride, 1, 1,
                                             coder->residual + i * params->stride),
                quantum);
    return squares;
}
