/* classifier.h -- linear classifiers and how often they are right: the only door to liblinear.
 *
 * A classifier is L2-regularised logistic regression, or a linear support vector machine with
 * squared hinge loss; with more than two labels, one against the rest for each. Both are solved in
 * the primal, by trust-region Newton steps: nothing is drawn, so the result is a function of the
 * examples, whatever the number of threads.
 *
 * How much to regularise (C) is chosen from SPINE_CLASSIFIER_GRID by the accuracy on examples that
 * are neither trained nor tested on; among equals the smallest C. What is a weak C depends on the
 * scale of the features, which for word vectors and for codes differ by a factor of ten. So all
 * features are multiplied by one number, which brings the mean squared norm of an example to 1:
 * it makes the grid mean the same everywhere, keeps zeros, and leaves the features' proportions
 * alone. A constant feature of 1 is added (and regularised as the others are). Local. */
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

/* How well each feature alone tells a label from the others, by the first 'count' examples: the
 * difference of its means, over its standard deviation; 0 where that is 0. contrast (columns). */
int spine_examples_contrast(const struct spine_examples *examples, size_t count, uint32_t label,
                            double *contrast, struct spine_error *err);

/* The examples with only the features 'chosen', (count), and labels 1 for this one and 0 for the
 * others. */
int spine_examples_choose(const struct spine_examples *examples, const uint32_t *chosen,
                          size_t count, uint32_t label, struct spine_examples **out,
                          struct spine_error *err);

/* The share of the examples from 'first' on that are right if all are given the commoner label of
 * the first num_train: this one or another. */
double spine_examples_majority(const struct spine_examples *examples, size_t num_train,
                               size_t first, uint32_t label);

size_t spine_examples_columns(const struct spine_examples *examples);

/* NULL is allowed. */
void spine_examples_destroy(struct spine_examples *examples);

struct spine_accuracy {
    size_t correct, count; /* of the examples tested on */
    double C;              /* chosen; of cross-validation's choices the last */
};

/* Three folds are enough to tell apart what is ten times as much. */
enum { SPINE_CLASSIFIER_FOLDS = 3, SPINE_CLASSIFIER_FOLDS_MOST = 60 };

/* Train on the first num_train examples, choose C on the num_valid after them, test on the rest.
 * Without valid examples C is chosen by cross-validation in SPINE_CLASSIFIER_FOLDS seeded folds of
 * the training part, all of which is then trained on. Scales the examples by their training part.
 */
int spine_classifier_test(struct spine_examples *examples, enum spine_classifier kind,
                          size_t num_train, size_t num_valid, uint64_t seed,
                          struct spine_accuracy *accuracy, struct spine_error *err);

/* Test on each of num_folds folds, trained on the others; fold[i] is the one of example i. C is
 * chosen for every fold by cross-validation among the others. */
int spine_classifier_cross_validate(struct spine_examples *examples, enum spine_classifier kind,
                                    const uint32_t *fold, size_t num_folds,
                                    struct spine_accuracy *accuracy, struct spine_error *err);

/* Deal examples out to folds so that each has its share of every label: in a seeded order, label
 * by label, in turn. */
int spine_classifier_deal(const uint32_t *label, size_t count, size_t num_folds, uint64_t seed,
                          uint32_t *fold, struct spine_error *err);

#endif
