/* categories.h -- which human category a dimension represents.
 *
 * The interpretability score of Senel, Utlu, Yucesoy, Koc and Cukur (IEEE/ACM TASLP 26, 2018), its
 * positive side: for a dimension i and a category j of n_j words,
 *
 *     IS(i, j) = 100 |words of j among the lambda n_j top words of i| / n_j
 *
 * A dimension's score is its greatest over categories; the result is the mean over all dimensions,
 * counting 0 for those without words. Top words are above 0, so there may be fewer than lambda n_j.
 *
 * Categories are the files NAME.txt of a directory, one word a line, as in SEMCAT. n_j counts the
 * different words that are found, as written or in lower case. Categories with fewer than 10 of
 * them are left out: small categories are complete by chance. */
#ifndef SPINE_EVAL_CATEGORIES_H
#define SPINE_EVAL_CATEGORIES_H

#include "spine/base/statistics.h"
#include "spine/space/ranking.h"

enum { SPINE_CATEGORIES_LAMBDAS = 10 };

struct spine_categories_score {
    /* For lambda 1 to 10, with the interval mean -+ 1.96 standard errors over dimensions. */
    struct spine_estimate score[SPINE_CATEGORIES_LAMBDAS];
    size_t used, left_out; /* categories */
};

int spine_categories_measure(const struct spine_space *space, const struct spine_ranking *ranking,
                             const char *directory, struct spine_categories_score *result,
                             struct spine_error *err);

#endif
