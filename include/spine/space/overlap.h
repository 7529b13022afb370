/* overlap.h -- the number of words that activate both of two dimensions, for two tiles of
 * dimensions at a time.
 *
 * The counts of two tiles fit into a cache, and words are read in order. This is for codes whose
 * rows have values in most tiles. */
#ifndef SPINE_SPACE_OVERLAP_H
#define SPINE_SPACE_OVERLAP_H

#include <stddef.h>
#include <stdint.h>

#include "spine/base/error.h"
#include "spine/files/csr.h"

enum { SPINE_OVERLAP_TILE = 256 }; /* dimensions of a tile; the last tile may have fewer */

/* The active dimensions of rows, tile by tile. */
struct spine_overlap {
    size_t rows, tiles;
    uint32_t *begin; /* owned; (tiles, rows + 1): where a row's begin in 'place' */
    unsigned char
        *place; /* owned; the active dimensions of a tile, row by row, from its first on */
    size_t *first_of_tile; /* owned; (tiles): where a tile begins in 'place' */
};

/* List the values above 0 of codes with this number of dimensions and fewer than 2^24 rows. */
int spine_overlap_init(struct spine_overlap *overlap, const struct spine_csr *codes,
                       size_t dimensions, struct spine_error *err);
void spine_overlap_dispose(struct spine_overlap *overlap);

/* Count, in (TILE, TILE), the words that activate both dimension i of one tile and dimension j of
 * another or the same. */
void spine_overlap_count(const struct spine_overlap *overlap, size_t first, size_t second,
                         uint32_t *counts);

#endif
