/* floor.h -- what needs no learning: rivals that any claim about codes has to beat.
 *
 * Of the same words, with as many dimensions and as many values a word as the codes have:
 *
 *     random words   atoms are vectors of words of the input, drawn by a seed, centred, of length
 *                    1; codes are the non-negative lasso's (lasso.h), with the lambda that gives as
 *                    many values a word, found on a sample of the words
 *     PCA            the first principal components of the input, as many as values a word: as
 *                    large a description of a word, but dense
 *
 * Words that the input lacks are left out. Local. */
#ifndef SPINE_EVAL_FLOOR_H
#define SPINE_EVAL_FLOOR_H

#include <stdint.h>

#include "spine/space/space.h"

/* What a floor is for. */
struct spine_floor {
    const struct spine_space *subject; /* borrowed; the codes */
    const struct spine_space *input;   /* borrowed; dense: what they are codes of */
    double values;                     /* a word, of the codes */
    uint64_t seed;
};

/* The codes of random words as atoms, and the variance of the input that they explain. Refuses an
 * input with less than two words of the codes. The caller disposes of the space. */
int spine_floor_words(const struct spine_floor *floor, struct spine_space *space, double *explained,
                      struct spine_error *err);

/* The words on principal components. The caller disposes of the space. */
int spine_floor_pca(const struct spine_floor *floor, struct spine_space *space,
                    struct spine_error *err);

#endif
