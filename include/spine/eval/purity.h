/* purity.h -- how well clusters of words match human categories.
 *
 * A word may be in several categories. The vectors of the words that are found, in any case
 * (space.h), are scaled to length 1 and clustered by k-means into as many clusters as these words
 * have categories. Purity is the share of words that are in the commonest category of their
 * cluster. Words with vectors of zeros count as missing. */
#ifndef SPINE_EVAL_PURITY_H
#define SPINE_EVAL_PURITY_H

#include "spine/space/space.h"
#include "spine/text/testset.h"

struct spine_purity {
    double purity; /* NaN if no words are found */
    size_t found, missing;
};

/* Measure a set that spine_testset_read_sorted() read. */
int spine_purity_measure(const struct spine_space *space, const struct spine_testset *set,
                         uint64_t seed, struct spine_purity *result, struct spine_error *err);

#endif
