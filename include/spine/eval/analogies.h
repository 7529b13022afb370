/* analogies.h -- a is to b as c is to which word?
 *
 * The answer is the word x other than a, b and c with the greatest
 *
 *     3CosAdd   cos(x, b) - cos(x, a) + cos(x, c)                        Mikolov et al. 2013
 *     3CosMul   s(x, b) s(x, c) / (s(x, a) + .001),  s = (1 + cos) / 2   Levy and Goldberg 2014
 *
 * with ties to the earlier row. It is right if it is d, or one of several d. If there are several
 * b, the first that is found is used. Words are looked up in any case (space.h). A question with a
 * word that isn't found or whose vector is all zeros isn't counted, unless the word is one of
 * several d. */
#ifndef SPINE_EVAL_ANALOGIES_H
#define SPINE_EVAL_ANALOGIES_H

#include "spine/base/statistics.h"
#include "spine/space/space.h"
#include "spine/text/testset.h"

struct spine_analogies {
    struct spine_estimate add, mul; /* share of right answers, with Wilson's interval */
    size_t counted, missing;
};

/* Measure a set that spine_testset_read_analogies() read. */
int spine_analogies_measure(const struct spine_space *space, const struct spine_testset *set,
                            struct spine_analogies *result, struct spine_error *err);

#endif
