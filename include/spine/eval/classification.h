/* classification.h -- text classification: the accuracy of a linear classifier trained on the
 * vectors of a text's words.
 *
 * A text's features are the mean of the vectors of its tokens, or for texts of equally many tokens
 * their concatenation. A token is looked up as it is written, else in lower case (of ASCII
 * letters); one that isn't found adds nothing to a mean and is zeros in a concatenation. A text of
 * which no token is found has zeros as features but is counted. The published scripts of SPINE do
 * the same; unlike them, only C is chosen, on examples that are neither trained nor tested on
 * (classifier.h).
 *
 * Figures are in the group "classification": "trec (logistic)" and "trec (svm)", the share of the
 * test texts whose label is predicted, with Wilson's interval; "trec tokens found", of all tokens
 * of the texts. Local. */
#ifndef SPINE_EVAL_CLASSIFICATION_H
#define SPINE_EVAL_CLASSIFICATION_H

#include <stdbool.h>

#include "spine/eval/classifier.h"
#include "spine/eval/figures.h"
#include "spine/space/space.h"
#include "spine/text/labelled.h"

enum spine_features { SPINE_FEATURES_MEAN, SPINE_FEATURES_CONCAT };

struct spine_task {
    char *name; /* owned, as are the texts and folds */
    enum spine_features features;
    struct spine_labelled texts;
    size_t num_train, num_valid; /* the first texts; the rest are tested on */
    size_t num_folds;            /* instead, for cross-validation; else 0 */
    uint32_t *fold;              /* (texts.count), if num_folds isn't 0 */
};

/* Read the files of a task NAME=TRAIN,TEST or NAME=TRAIN,VALID,TEST. Refuses a label in VALID or
 * TEST that TRAIN doesn't have. Dispose of it whether this succeeds or not. */
int spine_task_read(struct spine_task *task, const char *description, enum spine_features features,
                    struct spine_error *err);

/* The same for cross-validation: NAME=FILE, dealt out to ten folds, or NAME=FOLD,FOLD,FOLD... */
int spine_task_read_folds(struct spine_task *task, const char *description,
                          enum spine_features features, uint64_t seed, struct spine_error *err);

void spine_task_dispose(struct spine_task *task);

/* How many tokens of the texts are found in a space. */
struct spine_coverage {
    size_t tokens, found;
    size_t empty; /* texts of which no token is found */
};

/* The texts with their features in a space; free them with spine_examples_destroy(). */
int spine_task_examples(const struct spine_task *task, const struct spine_space *space,
                        struct spine_examples **examples, struct spine_coverage *coverage,
                        struct spine_error *err);

/* The accuracy of a classifier of this kind. Examples may be used more than once. */
int spine_task_measure(const struct spine_task *task, struct spine_examples *examples,
                       enum spine_classifier kind, uint64_t seed, struct spine_accuracy *accuracy,
                       struct spine_error *err);

/* A task as the command line gives it. */
struct spine_task_request {
    const char *description; /* NAME=FILE,...; borrowed */
    enum spine_features features;
    bool has_folds; /* cross-validation */
};

struct spine_classification {
    struct spine_task *tasks; /* owned; (count) */
    size_t count;
    uint64_t seed;
};

/* Read the files of all tasks, whose names must differ. Dispose of it whether this succeeds or not.
 */
int spine_classification_read(struct spine_classification *classification,
                              const struct spine_task_request *requests, size_t count,
                              uint64_t seed, struct spine_error *err);

/* Append the figures of all tasks for a space, of each with the classifiers in the mask 'kinds'
 * (1 << SPINE_CLASSIFIER_SVM). */
int spine_classification_measure(const struct spine_classification *classification, unsigned kinds,
                                 const struct spine_space *space, struct spine_figures *figures,
                                 struct spine_error *err);

void spine_classification_dispose(struct spine_classification *classification);

#endif
