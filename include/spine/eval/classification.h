/* classification.h -- text classification: the accuracy of a linear classifier trained on the
 * vectors of a text's words.
 *
 * A text's features are the mean of the vectors of its tokens, or, if all texts have the same
 * number of tokens, their concatenation. A token is looked up as written, then in lower case (ASCII
 * letters only). A token that isn't found is left out of a mean, and is zeros in a concatenation. A
 * text without known tokens has zeros as features and is counted. SPINE's published scripts do the
 * same, but choose more than C; here C is chosen on examples used for neither training nor testing
 * (classifier.h).
 *
 * Figures are in the group "classification": "trec (logistic)" and "trec (svm)", the share of test
 * texts whose label is predicted, with Wilson's interval; "trec tokens found", the share of all
 * tokens that are found. Local. */
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
    size_t num_train, num_valid; /* of the texts, in this order; the rest are for testing */
    size_t num_folds;            /* for cross-validation instead; else 0 */
    uint32_t *fold;              /* (texts.count), if num_folds isn't 0 */
};

/* Read the files of a task NAME=TRAIN,TEST or NAME=TRAIN,VALID,TEST. Refuses a label in VALID or
 * TEST that TRAIN doesn't have. Dispose of the task even after a failure. */
int spine_task_read(struct spine_task *task, const char *description, enum spine_features features,
                    struct spine_error *err);

/* The same for cross-validation: NAME=FILE, divided into ten folds, or NAME=FOLD,FOLD,FOLD... */
int spine_task_read_folds(struct spine_task *task, const char *description,
                          enum spine_features features, uint64_t seed, struct spine_error *err);

void spine_task_dispose(struct spine_task *task);

/* How much of the texts a space knows. */
struct spine_coverage {
    size_t tokens, found;
    size_t empty; /* texts without a known token */
};

/* Make examples of the texts, with their features in a space. Free them with
 * spine_examples_destroy(). */
int spine_task_examples(const struct spine_task *task, const struct spine_space *space,
                        struct spine_examples **examples, struct spine_coverage *coverage,
                        struct spine_error *err);

/* Measure the accuracy of a classifier of this kind. Examples may be used more than once. */
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

/* Read the files of all tasks, whose names must differ. Dispose of the classification even after a
 * failure. */
int spine_classification_read(struct spine_classification *classification,
                              const struct spine_task_request *requests, size_t count,
                              uint64_t seed, struct spine_error *err);

/* Append the figures of all tasks for a space, with each classifier in the mask 'kinds' (1 <<
 * SPINE_CLASSIFIER_SVM and so on). */
int spine_classification_measure(const struct spine_classification *classification, unsigned kinds,
                                 const struct spine_space *space, struct spine_figures *figures,
                                 struct spine_error *err);

void spine_classification_dispose(struct spine_classification *classification);

#endif
