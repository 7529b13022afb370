/* stability.h -- do runs that differ by their seed, or by anything else, find the same dimensions?
 *
 * The dimensions of two runs are matched one to one, so that the sum of the cosines of their decoder
 * rows (W2) is greatest (matching.h); of runs with unlike numbers of dimensions, all of the smaller
 * one. Of model.objective = nnse the rows are the atoms (W1), which a refit leaves as they are. Group "stability", of each run the mean over its pairs with the others:
 *
 *     decoder cosine      mean cosine of matched rows
 *     share above .7      of the matched rows: the same dimension again
 *     by chance           the decoder cosine with the coordinates of one run shuffled
 *     code correlation    mean correlation (Pearson's) of matched dimensions' values, over the
 *                         words of both; dimensions that are constant there are left out
 *
 * Rows of zeros are left out of the means and counted as missing. Takes 4 H^2 bytes. Local. */
#ifndef SPINE_EVAL_STABILITY_H
#define SPINE_EVAL_STABILITY_H

#include "spine/eval/figures.h"

/* Measure the runs, at least two, each against all others. evaluations (count) is zeroed; its paths
 * are borrowed from the runs. Refuses what isn't a run with a model, and runs on vectors of unlike
 * length. */
int spine_stability_measure(const char *const *runs, size_t count, uint64_t seed,
                            struct spine_evaluation *evaluations, struct spine_error *err);

#endif
