/* similarity.h -- word similarity: rank correlation with human scores.
 *
 * The measure is Spearman's rho between scores and cosines, over the pairs whose words are both
 * found, in any case (space.h). Cosines with a vector of zeros are 0. */
#ifndef SPINE_EVAL_SIMILARITY_H
#define SPINE_EVAL_SIMILARITY_H

#include "spine/base/statistics.h"
#include "spine/space/space.h"
#include "spine/text/testset.h"

struct spine_similarity {
    struct spine_estimate rho; /* with the interval of 1,000 bootstrap samples */
    size_t found, missing;     /* pairs */
};

/* Measure a set that spine_testset_read_pairs() read. */
int spine_similarity_measure(const struct spine_space *space, const struct spine_testset *set,
                             uint64_t seed, struct spine_similarity *result,
                             struct spine_error *err);

#endif
