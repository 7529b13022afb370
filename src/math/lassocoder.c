/* lassocoder.c -- codes of blocks of rows over a dictionary. */
#include "spine/math/lassocoder.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/memory.h"
#include "spine/math/kernels.h"

static const char what[] = "the codes of a block";

int spine_lasso_coder_init(struct spine_lasso_coder *coder, const struct spine_lasso *lasso,
                           struct spine_error *err)
{
    *coder = (struct spine_lasso_coder){.lasso = lasso};
    coder->products = spine_kernel_alloc(SPINE_BLOCK_ROWS * lasso->units, what, err);
    coder->packed = spine_kernel_alloc(spine_block_packed(lasso->dim), what, err);
    if (coder->products == NULL || coder->packed == NULL ||
        spine_lasso_scratch_init(&coder->scratch, lasso, err)) {
        spine_lasso_coder_dispose(coder);
        return -1;
    }
    return 0;
}

void spine_lasso_coder_dispose(struct spine_lasso_coder *coder)
{
    spine_lasso_scratch_dispose(&coder->scratch);
    free(coder->products);
    free(coder->packed);
    *coder = (struct spine_lasso_coder){0};
}

/* --- One row ------------------------------------------------------------------------------ */

size_t spine_lasso_solve(const struct spine_lasso *lasso, const float *x, const float *products,
                         double lambda, struct spine_lasso_scratch *scratch, float *a)
{
    const struct spine_activeset *set = &scratch->set;
    size_t count = 0;

    spine_lasso_find(lasso, x, products, lambda, scratch, NULL);
    memset(a, 0, lasso->units * sizeof *a);
    for (size_t s = 0; s < set->count; s++) {
        a[set->atom[s]] = (float)set->value[s];
        count += a[set->atom[s]] > 0;
    }
    return count;
}

/* --- Codes that are kept ------------------------------------------------------------------ */

void spine_lasso_codes_dispose(struct spine_lasso_codes *codes)
{
    free(codes->unit);
    free(codes->value);
    *codes = (struct spine_lasso_codes){0};
}

/* Copy values and their atoms. There may be none, and no arrays. */
static void copy_values(size_t count, const int32_t *unit, const float *value, int32_t *to_unit,
                        float *to_value)
{
    if (count == 0)
        return;
    memcpy(to_unit, unit, count * sizeof *unit);
    memcpy(to_value, value, count * sizeof *value);
}

/* Make space for 'count' values. Without memory there is none. */
static bool reserve(struct spine_lasso_codes *codes, size_t count)
{
    const size_t capacity = count + count / 16;
    struct spine_error unheard;

    if (codes->capacity >= count)
        return true;
    spine_lasso_codes_dispose(codes);
    codes->unit = spine_memory_get(capacity, sizeof *codes->unit, what, &unheard);
    codes->value = spine_memory_get(capacity, sizeof *codes->value, what, &unheard);
    if (codes->unit == NULL || codes->value == NULL) {
        spine_lasso_codes_dispose(codes);
        return false;
    }
    codes->capacity = capacity;
    return true;
}

/* Keep codes, or nothing if memory runs out: codes don't depend on it. */
static void keep(struct spine_lasso_codes *codes, const struct spine_lasso_coder *coder,
                 size_t rows, const uint32_t *begin, const int32_t *unit, const float *value)
{
    if (!reserve(codes, begin[rows]))
        return;
    memcpy(codes->begin, begin, (rows + 1) * sizeof *begin);
    copy_values(begin[rows], unit, value, codes->unit, codes->value);
    codes->rows = rows;
    codes->lambda = coder->lambda;
    codes->version = coder->lasso->version;
}

/* How many values a row has that are kept. */
static size_t count_kept(const struct spine_lasso_codes *kept, size_t i)
{
    return i < kept->rows ? kept->begin[i + 1] - kept->begin[i] : 0;
}

void spine_lasso_codes_collect(struct spine_lasso_codes *codes, size_t rows, const size_t *row,
                               const struct spine_lasso_codes *kept)
{
    size_t count = 0;

    for (size_t i = 0; i < rows; i++)
        count += count_kept(&kept[row[i] / SPINE_BLOCK_ROWS], row[i] % SPINE_BLOCK_ROWS);
    if (!reserve(codes, count))
        return;

    codes->rows = rows;
    codes->version = 0;
    codes->begin[0] = 0;
    for (size_t i = 0; i < rows; i++) {
        const struct spine_lasso_codes *from = &kept[row[i] / SPINE_BLOCK_ROWS];
        const size_t at = row[i] % SPINE_BLOCK_ROWS, some = count_kept(from, at);
        if (some > 0)
            copy_values(some, from->unit + from->begin[at], from->value + from->begin[at],
                        codes->unit + codes->begin[i], codes->value + codes->begin[i]);
        codes->begin[i + 1] = codes->begin[i] + (uint32_t)some;
    }
}

/* --- Encoding ----------------------------------------------------------------------------- */

/* Solve for a row, and append its values. Returns the new number of all values. Seven parameters: a
 * row, where to begin, and the list. */
static uint32_t encode_row(struct spine_lasso_coder *coder, const float *x, const float *products,
                           const struct spine_lasso_start *start, uint32_t count, int32_t *unit,
                           float *value)
{
    const struct spine_activeset *set = &coder->scratch.set;

    spine_lasso_find(coder->lasso, x, products, coder->lambda, &coder->scratch, start);
    for (size_t s = 0; s < set->count; s++) {
        const float a = (float)set->value[s];
        if (!(a > 0))
            continue;
        unit[count] = (int32_t)set->atom[s];
        value[count++] = a;
    }
    return count;
}

/* Seven parameters: rows, where to begin, and what becomes of them. */
void spine_lasso_coder_encode(struct spine_lasso_coder *coder, size_t rows, const float *x,
                              struct spine_lasso_codes *kept, uint32_t *begin, int32_t *unit,
                              float *value)
{
    const struct spine_lasso *lasso = coder->lasso;
    const bool has_start = kept != NULL && kept->rows == rows;
    uint32_t count = 0;

    if (has_start && kept->version == lasso->version && kept->lambda == coder->lambda) {
        memcpy(begin, kept->begin, (rows + 1) * sizeof *begin);
        copy_values(begin[rows], kept->unit, kept->value, unit, value);
        return;
    }

    spine_lasso_products(lasso, rows, x, coder->packed, coder->products);
    for (size_t i = 0; i < rows; i++) {
        struct spine_lasso_start start = {0};
        if (has_start)
            start = (struct spine_lasso_start){kept->begin[i + 1] - kept->begin[i],
                                               kept->unit + kept->begin[i],
                                               kept->value + kept->begin[i]};
        begin[i] = count;
        count = encode_row(coder, x + i * lasso->stride, coder->products + i * lasso->units, &start,
                           count, unit, value);
    }
    begin[rows] = count;
    if (kept != NULL)
        keep(kept, coder, rows, begin, unit, value);
}
