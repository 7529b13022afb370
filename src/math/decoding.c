/* decoding.c -- what needs all codes of a row: its cut, and its reconstruction. */
#include "spine/math/decoding.h"

#include <assert.h>
#include <string.h>

#include "spine/base/clones.h"
#include "spine/math/products.h"

enum { ROWS = SPINE_BLOCK_ROWS, PANEL = SPINE_PANEL_ROWS };

/* PANEL columns of a row. */
typedef float panel_row
    __attribute__((vector_size(PANEL * sizeof(float)), aligned(sizeof(float)), may_alias));
typedef float quarter __attribute__((vector_size(PANEL / 4 * sizeof(float))));

/* The pairs of a row in all tiles: borrowed from one tile, or copied from several. */
static struct spine_row_list row_list(const struct spine_block *const *tiles, size_t num_tiles,
                                      size_t row, struct spine_scratch *scratch)
{
    struct spine_row_list list = {.num_parts = 1, .merges = scratch->merges};
    if (num_tiles == 1) {
        const uint32_t begin = tiles[0]->row_begin[row];
        list.count = tiles[0]->row_begin[row + 1] - begin;
        list.which = tiles[0]->unit + begin;
        list.factor = tiles[0]->value + begin;
    } else {
        for (size_t t = 0; t < num_tiles; t++) {
            const uint32_t begin = tiles[t]->row_begin[row];
            const size_t count = tiles[t]->row_begin[row + 1] - begin;
            memcpy(scratch->which + list.count, tiles[t]->unit + begin, count * sizeof(int32_t));
            memcpy(scratch->factor + list.count, tiles[t]->value + begin, count * sizeof(float));
            list.count += count;
        }
        list.which = scratch->which;
        list.factor = scratch->factor;
    }
    scratch->part_end[0] = list.count;
    scratch->merges[0] = 0;
    list.part_end = scratch->part_end;
    return list;
}

/* Seven parameters: the tiles, and a part of their rows. */
void spine_block_cut(const struct spine_block *const *tiles, size_t num_tiles,
                     struct spine_scratch *scratch, size_t k, size_t first, size_t end,
                     struct spine_cut *cuts)
{
    for (size_t i = first; i < end; i++) {
        const struct spine_row_list list = row_list(tiles, num_tiles, i, scratch);
        cuts[i] = spine_activation_cut(k, list.count, list.factor, list.which, scratch->other);
    }
}

size_t spine_block_list_kept(const struct spine_block *const *tiles, size_t num_tiles,
                             struct spine_scratch *scratch, size_t row, struct spine_cut cut,
                             struct spine_pair *pairs)
{
    const struct spine_row_list list = row_list(tiles, num_tiles, row, scratch);
    size_t count = 0;

    for (size_t p = 0; p < list.count; p++)
        if (spine_cut_keeps(cut, list.factor[p], list.which[p]))
            pairs[count++] = (struct spine_pair){list.factor[p], list.which[p]};
    return count;
}

void spine_lists_cut(const struct spine_pair *pairs, size_t num_lists, size_t apart, size_t k,
                     struct spine_scratch *scratch, struct spine_cut *cut)
{
    size_t count = 0;

    for (size_t l = 0; l < num_lists; l++)
        for (size_t p = l * apart; p < l * apart + k; p++)
            if (pairs[p].value > 0) {
                assert(count < scratch->most_units);
                scratch->factor[count] = pairs[p].value;
                scratch->which[count++] = pairs[p].unit;
            }
    if (count > k)
        *cut = spine_activation_cut(k, count, scratch->factor, scratch->which, scratch->other);
}

/* Ranges of rows and columns, and the parameters. */
static void decode_dense(const struct spine_block *const *tiles, size_t num_tiles, size_t first,
                         size_t end, size_t begin, size_t stop, const struct spine_params *params,
                         bool continues, float *y)
{
    enum { UNITS = 128 }; /* whose rows of W2 stay in the nearest cache */
    const size_t stride = params->stride;
    for (size_t i = first; !continues && i < end; i++)
        memcpy(y + i * stride + begin, params->b2 + begin, (stop - begin) * sizeof *y);
    for (size_t t = 0; t < num_tiles; t++)
        for (size_t j = 0; j < tiles[t]->units; j += UNITS) {
            const size_t units = tiles[t]->units - j < UNITS ? tiles[t]->units - j : UNITS;
            for (size_t i = first; i < end; i += 4)
                spine_products.outer(end - i < 4 ? end - i : 4, units,
                                     tiles[t]->value + j * ROWS + i, 1, ROWS, begin, stop, stride,
                                     params->W2 + (tiles[t]->first_unit + j) * stride,
                                     y + i * stride);
        }
}

/* Ranges of rows and chunks, and the parameters. */
void spine_block_decode(const struct spine_block *const *tiles, size_t num_tiles,
                        struct spine_scratch *scratch, size_t first, size_t end, size_t begin_chunk,
                        size_t end_chunk, const struct spine_params *params, bool continues,
                        float *y)
{
    const size_t stride = params->stride, begin = spine_chunk_begin(stride, begin_chunk);
    const size_t stop = spine_chunk_begin(stride, end_chunk);

    if (tiles[0]->mode == SPINE_DENSE) {
        decode_dense(tiles, num_tiles, first, end, begin, stop, params, continues, y);
        return;
    }
    for (size_t i = first; i < end; i++) {
        const struct spine_row_list list = row_list(tiles, num_tiles, i, scratch);
        spine_products.gather(&list, begin, stop, stride, params->W2,
                              continues ? y + i * stride : params->b2, y + i * stride);
    }
}

/* Ranges of rows and chunks, and the parameters. Each width adds its pairs to the width before.
 * Widths that end before these units are complete; the sum over all units before them is with the
 * last one. */
void spine_block_decode_nested(const struct spine_block *const *tiles, size_t num_tiles,
                               struct spine_scratch *scratch, size_t first, size_t end,
                               size_t begin_chunk, size_t end_chunk,
                               const struct spine_params *params,
                               const struct spine_prefixes *prefixes, size_t apart, bool continues,
                               float *y)
{
    const size_t stride = params->stride, begin = spine_chunk_begin(stride, begin_chunk);
    const size_t end_column = spine_chunk_begin(stride, end_chunk);

    for (size_t i = first; i < end; i++) {
        const struct spine_row_list all = row_list(tiles, num_tiles, i, scratch);
        const float *before = continues ? y + prefixes->count * apart + i * stride : params->b2;
        size_t done = 0;
        for (size_t w = 0; w <= prefixes->count; w++) {
            float *out = y + w * apart + i * stride;
            size_t stop = w < prefixes->count ? done : all.count;
            if (continues && w < prefixes->count && prefixes->width[w] <= tiles[0]->first_unit)
                continue;
            while (stop < all.count && w < prefixes->count &&
                   (size_t)all.which[stop] < prefixes->width[w])
                stop++;
            struct spine_row_list part = all;
            part.which += done;
            part.factor += done;
            part.count = stop - done;
            scratch->part_end[0] = part.count;
            spine_products.gather(&part, begin, end_column, stride, params->W2, before, out);
            before = out;
            done = stop;
        }
    }
}

/* Vectors are written out, since GCC doesn't make them of a loop over lanes. */
SPINE_CLONES
float spine_chunk_residual(size_t stride, size_t chunk, const float *x, float scale, float factor,
                           float *y)
{
    const size_t begin = spine_chunk_begin(stride, chunk);
    const size_t end = spine_chunk_begin(stride, chunk + 1);
    panel_row sum = {0};
    quarter part[PANEL / 4];

    for (size_t k = begin; k < end; k += PANEL) {
        const panel_row residual =
            *(const panel_row *)(y + k) - scale * *(const panel_row *)(x + k);
        sum += residual * residual;
        *(panel_row *)(y + k) = factor * residual;
    }

    /* The upper half of the lanes onto the lower one, and so on. */
    memcpy(part, &sum, sizeof part);
    const quarter four = (part[0] + part[2]) + (part[1] + part[3]);
    return (four[0] + four[2]) + (four[1] + four[3]);
}

SPINE_CLONES
void spine_chunk_add(size_t stride, size_t chunk, const float *other, float *y)
{
    const size_t end = spine_chunk_begin(stride, chunk + 1);

    for (size_t k = spine_chunk_begin(stride, chunk); k < end; k++)
        y[k] += other[k];
}
