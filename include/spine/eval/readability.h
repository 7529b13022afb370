/* readability.h -- how well a dimension's top words go together, measured automatically.
 *
 * Words are compared in a neutral reference space (reference.h), with which the top words must have
 * been found. A dimension with fewer top words than a measure needs, or without an intruder, can't
 * be measured and is counted as missing. */
#ifndef SPINE_EVAL_READABILITY_H
#define SPINE_EVAL_READABILITY_H

#include "spine/base/statistics.h"
#include "spine/space/reference.h"
#include "spine/space/topwords.h"

struct spine_readability {
    struct spine_estimate estimate;
    size_t counted, missing; /* dimensions measured, and those that couldn't be */
};

/* Coherence: the mean cosine of all pairs of 'shown' top words, averaged over dimensions, with the
 * interval mean -+ 1.96 standard errors. */
int spine_readability_coherence(const struct spine_topwords *topwords,
                                const struct spine_reference *reference, size_t shown,
                                struct spine_readability *result, struct spine_error *err);

/* The coherence of each dimension, (dimensions), NaN if it can't be measured; the caller frees it.
 * NULL, with err filled, when out of memory. */
double *spine_readability_coherences(const struct spine_topwords *topwords,
                                     const struct spine_reference *reference, size_t shown,
                                     struct spine_error *err);

/* Word intrusion, after Chang et al. (NIPS 2009), but automatic: from the 'shown' top words and an
 * intruder, the word with the lowest mean cosine to the others is picked. The result is the share
 * of picks that are the intruder, over 'draws' intruders for each dimension; a tie is a miss. The
 * interval is Wilson's for as many trials as dimensions, since draws for one dimension depend on
 * each other.
 *
 * Where the reference lacks words, the top words of a dimension may be far from its strongest.
 * 'known' is the intrusion of dimensions that are judged by their strongest: of the words that
 * 'topwords' counts, the SPINE_TOPWORDS_STRONGEST strongest or more, the reference knows at least
 * as many as are shown. Its others count as missing. */
struct spine_intrusion {
    struct spine_readability all, known;
};

int spine_readability_intrusion(const struct spine_topwords *topwords,
                                const struct spine_reference *reference, size_t shown, size_t draws,
                                uint64_t seed, struct spine_intrusion *result,
                                struct spine_error *err);

/* DistRatio (Sun, Guo, Lan, Xu, Cheng: IJCAI 2016): the mean distance between the intruder and the
 * top words over the mean distance between top words, averaged over dimensions, with the interval
 * mean -+ 1.96 standard errors. Distances are Euclidean, and averaged over 'draws' intruders. A
 * dimension whose top words all have the same vector has no ratio and counts as missing. */
int spine_readability_distratio(const struct spine_topwords *topwords,
                                const struct spine_reference *reference, size_t shown, size_t draws,
                                uint64_t seed, struct spine_readability *result,
                                struct spine_error *err);

/* Diversity: the number of different words among the 'shown' top words of all dimensions, over
 * 'shown' times the number of dimensions. 1 if no word is repeated; NaN if no dimension has top
 * words. Needs no reference. */
int spine_readability_diversity(const struct spine_topwords *topwords, size_t shown,
                                struct spine_readability *result, struct spine_error *err);

#endif
