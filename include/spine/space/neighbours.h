/* neighbours.h -- the nearest dimensions of each dimension: by what they add to a word's vector, or
 * by the words that activate both. */
#ifndef SPINE_SPACE_NEIGHBOURS_H
#define SPINE_SPACE_NEIGHBOURS_H

#include "spine/space/ranking.h"

/* At most 'most' neighbours of each dimension, nearest first; index is the neighbour. */
struct spine_neighbours {
    size_t dimensions, most;
    size_t *count;             /* owned; (dimensions) */
    struct spine_ranked *list; /* owned; (dimensions, most); strength is the nearness */
};

/* Find neighbours by the cosine of their rows of W, (dimensions, dim); a row begins every 'stride'
 * floats. Rows of zeros have no neighbours. Strength is the cosine. */
int spine_neighbours_by_cosine(struct spine_neighbours *neighbours, const float *W,
                               size_t dimensions, size_t dim, size_t stride, size_t most,
                               struct spine_error *err);

/* Find neighbours by the cosine of their sets of active words: the number of words that activate
 * both, over the geometric mean of the sizes of the sets. Strength is the number of words that
 * activate both. */
int spine_neighbours_by_words(struct spine_neighbours *neighbours,
                              const struct spine_ranking *ranking, const struct spine_csr *codes,
                              size_t most, struct spine_error *err);

void spine_neighbours_dispose(struct spine_neighbours *neighbours);

#endif
