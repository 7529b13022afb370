/* sparsity.h -- how sparse vectors are, and how much of the input they explain.
 *
 *     share below .001    share of all values with |v| < .001, as the published program counts
 *     values a word       that aren't 0 (L0): mean, and quantiles over words
 *     share at 1          of the values that aren't 0: the clamp's upper end
 *     dead                dimensions with |v| < .001 for every word; if all values are below 1, with less
 *                         than .001 times the largest, since their scale means nothing
 *     saturated           dimensions with v = 1 for half of the words
 *     empty words         words whose values are all 0
 *     Hoyer index         (sqrt(n) - |v|_1 / |v|_2) / (sqrt(n) - 1), Hoyer (JMLR 5, 2004): 0 if all
 *                         n values of a word are equal, 1 if one isn't 0; the mean over words that
 *                         aren't empty
 *     explained variance  1 - sum (y - x)^2 / sum (x - mean row)^2, with the input x and its
 *                         reconstruction y from the codes by the model */
#ifndef SPINE_EVAL_SPARSITY_H
#define SPINE_EVAL_SPARSITY_H

#include "spine/eval/figures.h"
#include "spine/files/modelfile.h"
#include "spine/space/space.h"

/* Append all of these except the explained variance, in the group "sparsity". */
int spine_sparsity_measure(const struct spine_space *space, struct spine_figures *figures,
                           struct spine_error *err);

/* The mean number of values a word that aren't 0. */
double spine_sparsity_values(const struct spine_space *space);

/* Compute the explained variance of a run's codes; NaN if 'input' doesn't have the same words in
 * the same rows, or doesn't fit the model. */
int spine_sparsity_explained(const struct spine_space *codes, const struct spine_modelfile *model,
                             const struct spine_space *input, double *explained,
                             struct spine_error *err);

#endif
