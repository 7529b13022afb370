/* purity.h -- how well clusters of words match human categories.
 *
 * A test set is lines of a category, a tab and a word; a word may be in several. The vectors of
 * the words that are found, as written or in lower case, are brought to length 1 and clustered by
 * k-means into as many clusters as there are categories among them. Purity is the share of words
 * that are in the commonest category of their cluster. Vectors of zeros are left out: missing. */
#ifndef SPINE_EVAL_PURITY_H
#define SPINE_EVAL_PURITY_H

#include "spine/space/space.h"

struct spine_purity {
    double purity; /* NaN if no words are found */
    size_t found, missing;
};

int spine_purity_measure(const struct spine_space *space, const char *path, uint64_t seed,
                         struct spine_purity *result, struct spine_error *err);

#endif
