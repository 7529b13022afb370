/* similarity.h -- word similarity: rank correlation with human scores.
 *
 * The measure is Spearman's rho of the scores and the cosines, over the pairs of which both words
 * are found, in any case (space.h). The cosine of a word with a vector of zeros is 0. */
#ifndef SPINE_EVAL_SIMILARITY_H
#define SPINE_EVAL_SIMILARITY_H

#include "spine/base/statistics.h"
#include "spine/space/space.h"
#include "spine/text/testset.h"

struct spine_similarity {
    struct spine_estimate rho; /* with the interval of 1,000 bootstrap samples */
    size_t found, missing;     /* pairs */
};

/* The set is of pairs with scores. */
int spine_similarity_measure(const struct spine_space *space, const struct spine_testset *set,
                             uint64_t seed, struct spine_similarity *result,
                             struct spine_error *err);

#endif
