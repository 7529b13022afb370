/* stability.h -- do runs that differ by their seed, or otherwise, find the same dimensions?
 *
 * The dimensions of two runs are matched one to one, so that the sum of the cosines of their
 * decoder rows (W2) is greatest (matching.h). If one run has fewer dimensions, all of its
 * dimensions are matched. With model.objective = nnse the rows are the atoms (W1), which a refit
 * doesn't change. The group "stability" has, for each run, means over its pairs with the other
 * runs:
 *
 *     decoder cosine      mean cosine of matched rows
 *     share above .7      of the matched rows: the same dimension again
 *     by chance           the decoder cosine with the coordinates of one run shuffled
 *     code correlation    mean Pearson correlation of matched dimensions' values, over the words
 *                         that both have; dimensions that are constant there are left out
 *
 * Rows of zeros are left out of the means and counted as missing. Needs 4 H^2 bytes. Local. */
#ifndef SPINE_EVAL_STABILITY_H
#define SPINE_EVAL_STABILITY_H

#include <stdbool.h>

#include "spine/eval/figures.h"

/* Measure each of at least two runs, or decoders in files (decoder.h), against all others. Files
 * have no codes: their correlation is left out. evaluations (count) must be zeroed; its paths are
 * borrowed from 'runs'. Refuses directories without a model, and runs on vectors of different
 * lengths. */
int spine_stability_measure(const char *const *runs, size_t count, bool is_transposed,
                            uint64_t seed, struct spine_evaluation *evaluations,
                            struct spine_error *err);

#endif
