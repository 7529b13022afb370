/* classifier.h -- linear classifiers and their accuracy. Only this module calls liblinear.
 *
 * A classifier is L2-regularised logistic regression, or a linear support vector machine with
 * squared hinge loss; with more than two labels, one against the rest for each. Both are solved in
 * the primal, by trust-region Newton steps: nothing is random, so the result is a function of the
 * examples, whatever the number of threads.
 *
 * The regularisation C is chosen from SPINE_CLASSIFIER_GRID by the accuracy on examples used for
 * neither training nor testing; ties go to the smallest C. How weak a given C is depends on the
 * scale of the features, which differs by a factor of ten between word vectors and codes. So all
 * features are multiplied by one number that makes the mean squared norm of an example 1: then the
 * grid means the same everywhere, zeros stay zeros, and the features' proportions don't change. A
 * constant feature of 1 is added, and regularised like the others. Local. */
#ifndef SPINE_EVAL_CLASSIFIER_H
#define SPINE_EVAL_CLASSIFIER_H

#include <stddef.h>
#include <stdint.h>

#include "spine/base/error.h"

enum spine_classifier { SPINE_CLASSIFIER_LOGISTIC, SPINE_CLASSIFIER_SVM };

/* Examples: sparse rows of features, each with a label. */
struct spine_examples;

int spine_examples_create(struct spine_examples **examples, size_t columns,
                          struct spine_error *err);

/* Append one; zeros are not stored. */
int spine_examples_add(struct spine_examples *examples, const float *row /* (columns) */,
                       uint32_t label, struct spine_error *err);

/* Measure how well each feature alone separates a label from the others, on the first 'count'
 * examples: the difference of its means over its standard deviation, 0 if that is 0. contrast
 * (columns). */
int spine_examples_contrast(const struct spine_examples *examples, size_t count, uint32_t label,
                            double *contrast, struct spine_error *err);

/* Copy the examples with only the features 'chosen', (count), and with label 1 for 'label' and 0
 * for all others. */
int spine_examples_choose(const struct spine_examples *examples, const uint32_t *chosen,
                          size_t count, uint32_t label, struct spine_examples **out,
                          struct spine_error *err);

/* The accuracy, on the examples from 'first' on, of always predicting what is commoner among the
 * first num_train: 'label', or not 'label'. */
double spine_examples_majority(const struct spine_examples *examples, size_t num_train,
                               size_t first, uint32_t label);

size_t spine_examples_columns(const struct spine_examples *examples);

/* NULL is allowed. */
void spine_examples_destroy(struct spine_examples *examples);

struct spine_accuracy {
    size_t correct, count; /* of the examples tested on */
    double C;              /* chosen; with cross-validation, for the last fold */
};

/* Three folds are enough for choosing from values of C that differ by a factor of ten. */
enum { SPINE_CLASSIFIER_FOLDS = 3, SPINE_CLASSIFIER_FOLDS_MOST = 60 };

/* Train on the first num_train examples, choose C on the num_valid after them, and test on the
 * rest. If num_valid is 0, C is chosen by cross-validation in SPINE_CLASSIFIER_FOLDS seeded folds
 * of the training part. Scales all examples by the norm of the training part. */
int spine_classifier_test(struct spine_examples *examples, enum spine_classifier kind,
                          size_t num_train, size_t num_valid, uint64_t seed,
                          struct spine_accuracy *accuracy, struct spine_error *err);

/* Test on each of num_folds folds after training on the others; fold[i] is the fold of example i. C
 * is chosen for every fold by cross-validation among the others. */
int spine_classifier_cross_validate(struct spine_examples *examples, enum spine_classifier kind,
                                    const uint32_t *fold, size_t num_folds,
                                    struct spine_accuracy *accuracy, struct spine_error *err);

/* Divide examples into folds so that each has its share of every label: label by label, in a seeded
 * order, to the folds in turn. */
int spine_classifier_deal(const uint32_t *label, size_t count, size_t num_folds, uint64_t seed,
                          uint32_t *fold, struct spine_error *err);

#endif
