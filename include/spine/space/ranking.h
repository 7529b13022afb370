/* ranking.h -- the words of every dimension, and the dimensions of a word, strongest first.
 *
 * The strength of a word in a dimension is its value there; in codes, the value before the clamp at
 * 1 (codes.h, excess). Ties go to the lower row, which in a list by frequency is the more frequent
 * word, or to the lower dimension. A word activates a dimension if its strength there is above 0;
 * top words are always active words. */
#ifndef SPINE_SPACE_RANKING_H
#define SPINE_SPACE_RANKING_H

#include <stddef.h>

#include "spine/base/ranked.h"
#include "spine/space/space.h"

/* The words of every dimension. */
struct spine_ranking {
    size_t rows, dimensions; /* of the space */
    struct spine_ranked
        *entries;   /* owned; of dimension j from start[j] to start[j + 1]: the active words; of
                     * codes then also the words with values below 0 */
    size_t *start;  /* owned; (dimensions + 1) */
    size_t *active; /* owned; (dimensions): the number of active entries, which come first */
    float *median;  /* owned; (dimensions): over all rows; the lower of the two middle ones */
};

/* Rank all words of the space in every dimension. Needs 8 bytes for each value above 0; in codes,
 * for each value that isn't 0. */
int spine_ranking_init(struct spine_ranking *ranking, const struct spine_space *space,
                       struct spine_error *err);

/* The entries of a dimension, strongest first; index is the row. Borrowed. */
const struct spine_ranked *spine_ranking_get(const struct spine_ranking *ranking, size_t dimension);

void spine_ranking_dispose(struct spine_ranking *ranking);

/* List the dimensions that a row of the space activates, strongest first, in 'out', (dimensions).
 * Returns their number. */
size_t spine_ranking_of_row(const struct spine_space *space, size_t row, struct spine_ranked *out);

#endif
