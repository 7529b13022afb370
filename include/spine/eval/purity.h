/* purity.h -- how well clusters of words match human categories.
 *
 * A word may be in several categories. The vectors of the words that are found, in any case (space.h),
 * are brought to length 1 and clustered by k-means into as many clusters as there are categories
 * among them. Purity is the share of words that are in the commonest category of their cluster.
 * Vectors of zeros are left out: missing. */
#ifndef SPINE_EVAL_PURITY_H
#define SPINE_EVAL_PURITY_H

#include "spine/space/space.h"
#include "spine/text/testset.h"

struct spine_purity {
    double purity; /* NaN if no words are found */
    size_t found, missing;
};

/* The set is of sorted words. */
int spine_purity_measure(const struct spine_space *space, const struct spine_testset *set,
                         uint64_t seed, struct spine_purity *result, struct spine_error *err);

#endif
