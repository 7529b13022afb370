/* neighbours.h -- the units that are nearest to each unit: by what they add to a word's vector, and
 * by the words that they are on for. */
#ifndef SPINE_SPACE_NEIGHBOURS_H
#define SPINE_SPACE_NEIGHBOURS_H

#include "spine/space/ranking.h"

/* At most 'most' neighbours of each unit, nearest first. */
struct spine_neighbours {
    size_t units, most;
    size_t *count;           /* owned; (units) */
    struct spine_unit *list; /* owned; (units, most); strength says how near */
};

/* Nearest by the cosine of their rows of W, (units, dim), which begin every 'stride' floats. Rows
 * of zeros have no neighbours. */
int spine_neighbours_by_cosine(struct spine_neighbours *neighbours, const float *W, size_t units,
                               size_t dim, size_t stride, size_t most, struct spine_error *err);

/* Nearest by firing together: the cosine of two units' sets of words, the words of both over the
 * geometric mean of the words of each. Here strength is the number of words of both. */
int spine_neighbours_by_firing(struct spine_neighbours *neighbours,
                               const struct spine_ranking *columns, const struct spine_csr *codes,
                               size_t most, struct spine_error *err);

void spine_neighbours_dispose(struct spine_neighbours *neighbours);

#endif
