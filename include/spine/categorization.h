/* categorization.h -- do clusters of words become the categories that people sort them into?
 *
 * A test set is lines of a category, a tab and a word; a word may stand in several. The vectors of
 * the words that are found, as written or in lower case, are brought to length 1 and clustered by
 * k-means into as many clusters as there are categories among them. Purity is the share of words
 * that are in the commonest category of their cluster. Vectors of zeros are left out: missing. */
#ifndef SPINE_CATEGORIZATION_H
#define SPINE_CATEGORIZATION_H

#include "spine/space.h"

struct spine_categorization {
    double purity; /* NaN if no words are found */
    size_t found, missing;
};

int spine_categorization_measure(const struct spine_space *space, const char *path, uint64_t seed,
                                 struct spine_categorization *result, struct spine_error *err);

#endif
