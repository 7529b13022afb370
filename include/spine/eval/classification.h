/* classification.h -- several classification tasks (task.h), asked of one space after the other.
 *
 * Their figures are of the group "classification": "trec (logistic)" and "trec (svm)", the share of
 * the tested texts whose label is told, with an interval by Wilson; "trec tokens found", of all
 * tokens of its texts. */
#ifndef SPINE_EVAL_CLASSIFICATION_H
#define SPINE_EVAL_CLASSIFICATION_H

#include "spine/eval/figures.h"
#include "spine/eval/task.h"

/* What the command line asks for. */
struct spine_task_wish {
    const char *description; /* NAME=FILE,...; borrowed */
    enum spine_features features;
    int has_folds; /* cross-validation */
};

struct spine_classification {
    struct spine_task *tasks; /* owned; (count) */
    size_t count;
    uint64_t seed;
};

/* Read the files of all tasks, whose names must differ. To be disposed of, whether it succeeds or
 * not. */
int spine_classification_read(struct spine_classification *classification,
                              const struct spine_task_wish *wishes, size_t count, uint64_t seed,
                              struct spine_error *err);

/* Ask all tasks of a space, of each the classifiers in the mask 'kinds' (1 <<
 * SPINE_CLASSIFIER_SVM). */
int spine_classification_measure(const struct spine_classification *classification, unsigned kinds,
                                 const struct spine_space *space, struct spine_figures *figures,
                                 struct spine_error *err);

void spine_classification_dispose(struct spine_classification *classification);

#endif
