/* ranking.h -- the words of every dimension, and the dimensions of a word, strongest first.
 *
 * The strength of a word in a dimension is its value there; in codes, the value before the clamp at
 * 1 (codes.h, excess). Ties go to the lower row, in a frequency list the more frequent word, or to
 * the lower dimension. A word is active in a dimension where its strength is above 0: the top words
 * of a dimension are taken from its active ones, the positive side. */
#ifndef SPINE_SPACE_RANKING_H
#define SPINE_SPACE_RANKING_H

#include <stddef.h>

#include "spine/base/ranked.h"
#include "spine/space/space.h"

/* The words of every dimension. */
struct spine_ranking {
    size_t rows, dimensions; /* of the space */
    struct spine_ranked
        *entries;   /* owned; dimension j from start[j] to start[j + 1]: of dense vectors the
                     * active ones, of codes also those below 0, without zeros */
    size_t *start;  /* owned; (dimensions + 1) */
    size_t *active; /* owned; (dimensions): of the entries, which come first */
    float *median;  /* owned; (dimensions): over all rows; of two, the lower one */
};

/* Rank all words of the space in every dimension. Takes 8 bytes for each value that isn't
 * 0, of dense vectors for each that is above. */
int spine_ranking_init(struct spine_ranking *ranking, const struct spine_space *space,
                       struct spine_error *err);

/* The entries of a dimension, strongest first; index is the row. Borrowed. */
const struct spine_ranked *spine_ranking_get(const struct spine_ranking *ranking, size_t dimension);

void spine_ranking_dispose(struct spine_ranking *ranking);

/* List the dimensions in which a row of the space is active, strongest first, in 'out', which must
 * hold as many as the space has dimensions. Returns their number. */
size_t spine_ranking_of_row(const struct spine_space *space, size_t row, struct spine_ranked *out);

#endif
