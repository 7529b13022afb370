/* similarity.h -- do words that people find alike have vectors that are?
 *
 * A test set is lines of two words and a score, separated by tabs, commas or blanks; a first line
 * whose third field isn't a number is a header. The measure is Spearman's rho of the scores and the
 * cosines, over the pairs of which both words are found, as they are written or in lower case. The
 * cosine of a word with a vector of zeros is 0. */
#ifndef SPINE_EVAL_SIMILARITY_H
#define SPINE_EVAL_SIMILARITY_H

#include "spine/base/statistics.h"
#include "spine/space/space.h"

struct spine_similarity {
    struct spine_estimate rho; /* with the interval of 1,000 bootstrap samples */
    size_t found, missing;     /* pairs */
};

int spine_similarity_measure(const struct spine_space *space, const char *path, uint64_t seed,
                             struct spine_similarity *result, struct spine_error *err);

#endif
