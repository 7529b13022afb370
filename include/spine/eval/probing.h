/* probing.h -- k-sparse probing: is a class in few dimensions?
 *
 * As in Gurnee et al., "Finding neurons in a haystack", TMLR 2023: of each label against all others
 * the dimensions that tell them apart best by themselves are chosen on the training texts (the
 * difference of the means over the standard deviation, either sign; ties to the lower dimension), and
 * a logistic classifier is trained on the best 1, 2, 5 and 16 (classifier.h). Figures in the group
 * "probing", of a task: "trec by 5 dimensions", the share of the test texts that is right, averaged
 * over the labels (of two labels one is enough); "trec by none" is what the commoner class gives.
 *
 * A task of folds, or more dimensions than there are, can't be measured: its texts are missing. */
#ifndef SPINE_EVAL_PROBING_H
#define SPINE_EVAL_PROBING_H

#include "spine/eval/classification.h"

/* Append the figures of all tasks for a space. Local. */
int spine_probing_measure(const struct spine_classification *classification,
                          const struct spine_space *space, struct spine_figures *figures,
                          struct spine_error *err);

#endif
