/* overlap.c -- how many words two dimensions are both active for. */
#include "spine/space/overlap.h"

#include <stdlib.h>
#include <string.h>

#include "spine/base/memory.h"

enum { TILE = SPINE_OVERLAP_TILE };

static uint32_t *begin_of(const struct spine_overlap *overlap, size_t tile)
{
    return overlap->begin + tile * (overlap->rows + 1);
}

/* Count into begin[row + 1] of its tile the active dimensions of every row, and find from that
 * where rows and tiles begin. Returns how many there are in all. */
static size_t find_begins(struct spine_overlap *overlap, const struct spine_csr *codes)
{
    size_t all = 0;

    for (size_t row = 0; row < overlap->rows; row++)
        for (int64_t at = codes->indptr[row]; at < codes->indptr[row + 1]; at++)
            if (codes->data[at] > 0) /* other programs may store 0 and less */
                begin_of(overlap, (size_t)codes->indices[at] / TILE)[row + 1]++;

    for (size_t tile = 0; tile < overlap->tiles; tile++) {
        uint32_t *begin = begin_of(overlap, tile);
        for (size_t row = 0; row < overlap->rows; row++)
            begin[row + 1] += begin[row];
        overlap->first_of_tile[tile] = all;
        all += begin[overlap->rows];
    }
    return all;
}

/* 'next', (tiles), is scratch. */
static void fill_places(struct spine_overlap *overlap, const struct spine_csr *codes, size_t *next)
{
    memcpy(next, overlap->first_of_tile, overlap->tiles * sizeof *next);
    for (size_t row = 0; row < overlap->rows; row++)
        for (int64_t at = codes->indptr[row]; at < codes->indptr[row + 1]; at++) {
            const size_t dimension = (size_t)codes->indices[at];
            if (codes->data[at] > 0)
                overlap->place[next[dimension / TILE]++] = (unsigned char)(dimension % TILE);
        }
}

int spine_overlap_init(struct spine_overlap *overlap, const struct spine_csr *codes,
                       size_t dimensions, struct spine_error *err)
{
    static const char what[] = "the active dimensions of all words";
    const size_t tiles = (dimensions + TILE - 1) / TILE;
    *overlap = (struct spine_overlap){.rows = codes->rows, .tiles = tiles};
    overlap->begin =
        spine_memory_zeroed(tiles * (codes->rows + 1), sizeof *overlap->begin, what, err);
    overlap->first_of_tile = spine_memory_get(tiles, sizeof *overlap->first_of_tile, what, err);
    size_t *next = spine_memory_get(tiles, sizeof *next, what, err);

    if (overlap->begin != NULL && overlap->first_of_tile != NULL && next != NULL) {
        overlap->place = spine_memory_get(find_begins(overlap, codes), 1, what, err);
        if (overlap->place != NULL)
            fill_places(overlap, codes, next);
    }
    free(next);
    if (overlap->place != NULL)
        return 0;
    spine_overlap_dispose(overlap);
    return -1;
}

void spine_overlap_dispose(struct spine_overlap *overlap)
{
    free(overlap->begin);
    free(overlap->place);
    free(overlap->first_of_tile);
    *overlap = (struct spine_overlap){0};
}

void spine_overlap_count(const struct spine_overlap *overlap, size_t first, size_t second,
                         uint32_t *counts)
{
    const uint32_t *a = begin_of(overlap, first), *b = begin_of(overlap, second);
    const unsigned char *places = overlap->place + overlap->first_of_tile[first];
    const unsigned char *others = overlap->place + overlap->first_of_tile[second];

    memset(counts, 0, (size_t)TILE * TILE * sizeof *counts);
    for (size_t row = 0; row < overlap->rows; row++)
        for (uint32_t i = a[row]; i < a[row + 1]; i++) {
            uint32_t *line = counts + (size_t)TILE * places[i];
            for (uint32_t j = b[row]; j < b[row + 1]; j++)
                line[others[j]]++;
        }
}
