/* floor.h -- baselines without learning, which any claim about codes has to beat.
 *
 * They have the same words, and as many values a word as the codes:
 *
 *     random words   atoms are vectors of random words of the input, centred, of length 1, one for
 *                    each dimension of the codes. Codes are the non-negative lasso's (lasso.h); a
 *                    lambda that gives the number of values is found on a sample of the words
 *     PCA            the first principal components of the input, as many as values a word: a
 *                    description of the same size, but dense
 *
 * Words that the input lacks are left out. Local. */
#ifndef SPINE_EVAL_FLOOR_H
#define SPINE_EVAL_FLOOR_H

#include <stdint.h>

#include "spine/space/space.h"

/* The codes that the baselines are for. */
struct spine_floor {
    const struct spine_space *subject; /* borrowed; the codes */
    const struct spine_space *input;   /* borrowed; dense: the vectors that were encoded */
    double values;                     /* of the codes, a word */
    uint64_t seed;
};

/* Compute the codes with random words as atoms, and the variance of the input that they explain.
 * Refuses an input with fewer than two words of the codes. The caller disposes of the space. */
int spine_floor_words(const struct spine_floor *floor, struct spine_space *space, double *explained,
                      struct spine_error *err);

/* Project the words on principal components. The caller disposes of the space. */
int spine_floor_pca(const struct spine_floor *floor, struct spine_space *space,
                    struct spine_error *err);

#endif
