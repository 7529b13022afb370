/* readability.h -- how well a dimension's top words go together, measured without people.
 *
 * Words are compared in a neutral reference space (reference.h); the topwords must be of that one's
 * words. A dimension with fewer top words than a measure needs, or without an intruder, can't be
 * measured and is counted as missing. */
#ifndef SPINE_EVAL_READABILITY_H
#define SPINE_EVAL_READABILITY_H

#include "spine/base/statistics.h"
#include "spine/space/reference.h"
#include "spine/space/topwords.h"

struct spine_readability {
    struct spine_estimate estimate;
    size_t counted, missing; /* dimensions measured, and those that couldn't be */
};

/* The mean cosine of the pairs of 'shown' top words, averaged over dimensions, with the interval
 * mean -+ 1.96 standard errors. */
int spine_readability_coherence(const struct spine_topwords *topwords,
                                const struct spine_reference *reference, size_t shown,
                                struct spine_readability *result, struct spine_error *err);

/* The same of each dimension, (columns), NaN where it can't be measured; the caller frees. NULL, with
 * err filled, when memory runs out. */
double *spine_readability_coherences(const struct spine_topwords *topwords,
                                     const struct spine_reference *reference, size_t shown,
                                     struct spine_error *err);

/* Word intrusion, after Chang et al. (NIPS 2009), with a machine for the person: of the 'shown' top
 * words and an intruder, the word with the lowest mean cosine to the others is picked. The share of
 * picks that are the intruder, over 'draws' intruders a dimension; a tie is a miss. The interval is
 * Wilson's for as many trials as dimensions: the draws of one dimension depend on each other. */
int spine_readability_intrusion(const struct spine_topwords *topwords,
                                const struct spine_reference *reference, size_t shown, size_t draws,
                                uint64_t seed, struct spine_readability *result,
                                struct spine_error *err);

/* DistRatio (Sun, Guo, Lan, Xu, Cheng: IJCAI 2016): the mean distance of the intruder to the top
 * words over the mean distance of these to each other, averaged over dimensions, with the interval
 * mean -+ 1.96 standard errors. Distances are Euclidean; over 'draws' intruders they are averaged.
 * Where the top words don't differ (they have the same vector) there is no ratio: missing. */
int spine_readability_distratio(const struct spine_topwords *topwords,
                                const struct spine_reference *reference, size_t shown, size_t draws,
                                uint64_t seed, struct spine_readability *result,
                                struct spine_error *err);

/* How many different words are among the 'shown' top words, over 'shown' times all dimensions: 1
 * if every dimension has words of its own; NaN if none has. Needs no reference. */
int spine_readability_diversity(const struct spine_topwords *topwords, size_t shown,
                                struct spine_readability *result, struct spine_error *err);

#endif
