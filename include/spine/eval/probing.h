/* probing.h -- k-sparse probing: can a label be predicted from a few dimensions?
 *
 * As in Gurnee et al., "Finding neurons in a haystack", TMLR 2023. For each label against all
 * others, the dimensions that separate them best by themselves are chosen on the training texts: by
 * the difference of the means over the standard deviation, of either sign, ties to the lower
 * dimension. A logistic classifier is trained on the best 1, 2, 5 and 16 (classifier.h).
 *
 * Figures are in the group "probing": "trec by 5 dimensions" is the share of test texts that are
 * classified correctly, averaged over labels (of two labels, one is enough); "trec by none" is the
 * share for always predicting the commoner class. Tasks with folds, and more dimensions than a file
 * has, can't be measured: the texts are counted as missing. */
#ifndef SPINE_EVAL_PROBING_H
#define SPINE_EVAL_PROBING_H

#include "spine/eval/classification.h"

/* Append the figures of all tasks for a space. Local. */
int spine_probing_measure(const struct spine_classification *classification,
                          const struct spine_space *space, struct spine_figures *figures,
                          struct spine_error *err);

#endif
