/* test_classifier.c -- classifiers find what can be found, choose C without looking at the test,
 * and give the same answer every time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/random.h"
#include "spine/eval/classifier.h"
#include "support/expect.h"

enum { COLUMNS = 6, LABELS = 3 };

static const enum spine_classifier kinds[] = {SPINE_CLASSIFIER_LOGISTIC, SPINE_CLASSIFIER_SVM};

/* Example i has label i % LABELS, two features that are near that label's, noise in the others, and
 * a spread that makes some examples ambiguous; all multiplied by 'factor'. */
static struct spine_examples *make_examples(size_t count, float spread, float factor)
{
    struct spine_examples *examples;
    TRY(spine_examples_create(&examples, COLUMNS, &err));
    for (size_t i = 0; i < count; i++) {
        float row[COLUMNS];
        spine_random_uniform(1, 0, COLUMNS * i, COLUMNS, spread, row);
        row[2 * (i % LABELS)] += 1;
        row[2 * (i % LABELS) + 1] += 0.5F;
        for (size_t j = 0; j < COLUMNS; j++)
            row[j] = factor * row[j];
        TRY(spine_examples_add(examples, row, (uint32_t)i % LABELS, &err));
    }
    return examples;
}

static struct spine_accuracy test_made(enum spine_classifier kind, float spread, float factor,
                                       size_t num_valid, uint64_t seed)
{
    struct spine_examples *examples = make_examples(600, spread, factor);
    struct spine_accuracy accuracy;
    TRY(spine_classifier_test(examples, kind, 300, num_valid, seed, &accuracy, &err));
    assert_int_equal(accuracy.count, 300 - num_valid);
    spine_examples_destroy(examples);
    return accuracy;
}

static void test_what_can_be_told_apart_is(void **state)
{
    (void)state;
    for (size_t k = 0; k < 2; k++)
        for (size_t num_valid = 0; num_valid <= 150; num_valid += 150) {
            struct spine_accuracy accuracy = test_made(kinds[k], 0.3F, 1, num_valid, 1);
            assert_int_equal(accuracy.correct, accuracy.count);
            accuracy = test_made(kinds[k], 1.5F, 1, num_valid, 1);
            assert_in_range(accuracy.correct, accuracy.count * 6 / 10, accuracy.count * 9 / 10);
        }
}

static void test_the_scale_of_the_features_does_not_matter(void **state)
{
    (void)state;
    for (size_t k = 0; k < 2; k++) {
        const struct spine_accuracy accuracy = test_made(kinds[k], 1.5F, 1, 150, 1);
        for (float factor = 0.015625F; factor <= 64; factor *= 64) {
            const struct spine_accuracy other = test_made(kinds[k], 1.5F, factor, 150, 1);
            assert_int_equal(other.correct, accuracy.correct);
            assert_true(other.C == accuracy.C);
        }
    }
}

static void test_the_same_seed_gives_the_same_accuracy(void **state)
{
    (void)state;
    for (size_t k = 0; k < 2; k++) {
        const struct spine_accuracy accuracy = test_made(kinds[k], 1.5F, 1, 0, 7);
        const struct spine_accuracy again = test_made(kinds[k], 1.5F, 1, 0, 7);
        assert_int_equal(again.correct, accuracy.correct);
        assert_true(again.C == accuracy.C);
    }
}

/* Labels that the features say nothing about: what is right beyond chance would have been seen. */
static void test_nothing_is_learned_from_the_test(void **state)
{
    (void)state;
    struct spine_accuracy accuracy;
    for (size_t k = 0; k < 2; k++) {
        struct spine_examples *examples;
        uint32_t fold[400];
        TRY(spine_examples_create(&examples, COLUMNS, &err));
        for (size_t i = 0; i < 400; i++) {
            float row[COLUMNS];
            spine_random_uniform(3, 0, COLUMNS * i, COLUMNS, 1, row);
            TRY(spine_examples_add(examples, row, (uint32_t)i / 4 % 2, &err));
            fold[i] = (uint32_t)i % 4;
        }
        TRY(spine_classifier_cross_validate(examples, kinds[k], fold, 4, &accuracy, &err));
        assert_int_equal(accuracy.count, 400);
        assert_in_range(accuracy.correct, 150, 250); /* 200 and five standard deviations */
        spine_examples_destroy(examples);
    }
}

static void test_cross_validation_tests_every_example_once(void **state)
{
    (void)state;
    for (size_t k = 0; k < 2; k++) {
        struct spine_examples *examples = make_examples(90, 0.3F, 1);
        struct spine_accuracy accuracy;
        uint32_t fold[90];
        for (size_t i = 0; i < 90; i++)
            fold[i] = (uint32_t)i % 3;
        TRY(spine_classifier_cross_validate(examples, kinds[k], fold, 3, &accuracy, &err));
        assert_int_equal(accuracy.count, 90);
        assert_int_equal(accuracy.correct, 0); /* each fold has the label that the others lack */
        for (size_t i = 0; i < 90; i++)
            fold[i] = (uint32_t)i / 30;
        TRY(spine_classifier_cross_validate(examples, kinds[k], fold, 3, &accuracy, &err));
        assert_int_equal(accuracy.correct, 90);
        spine_examples_destroy(examples);
    }
}

static void test_folds_have_their_share_of_each_label(void **state)
{
    (void)state;
    uint32_t label[103], fold[103], other[103];
    size_t count[10][2] = {{0}};
    for (size_t i = 0; i < 103; i++)
        label[i] = i % 10 == 0;
    TRY(spine_classifier_deal(label, 103, 10, 5, fold, &err));
    TRY(spine_classifier_deal(label, 103, 10, 6, other, &err));
    for (size_t i = 0; i < 103; i++)
        count[fold[i]][label[i]]++;
    for (size_t k = 0; k < 10; k++) {
        assert_in_range(count[k][0], 9, 10);
        assert_in_range(count[k][1], 1, 2);
        assert_in_range(count[k][0] + count[k][1], 10, 11);
    }
    assert_memory_not_equal(fold, other, sizeof fold);
}

static void test_too_few_examples_are_refused(void **state)
{
    (void)state;
    struct spine_examples *examples = make_examples(8, 0.3F, 1);
    struct spine_accuracy accuracy;
    const uint32_t fold[8] = {0, 0, 1, 1, 3, 3, 3, 3};
    EXPECT_REFUSED(spine_classifier_test(examples, SPINE_CLASSIFIER_SVM, 2, 0, 1, &accuracy, &err),
                   "8 examples are too few to train and test a classifier");
    EXPECT_REFUSED(spine_classifier_test(examples, SPINE_CLASSIFIER_SVM, 4, 4, 1, &accuracy, &err),
                   "8 examples are too few to train and test a classifier");
    EXPECT_REFUSED(
        spine_classifier_cross_validate(examples, SPINE_CLASSIFIER_SVM, fold, 4, &accuracy, &err),
        "8 examples are too few to train and test a classifier");
    EXPECT_REFUSED(
        spine_classifier_cross_validate(examples, SPINE_CLASSIFIER_SVM, fold, 2, &accuracy, &err),
        "2 folds for cross-validation: 3 to 60 are possible");
    spine_examples_destroy(examples);
    spine_examples_destroy(NULL);
}

static void test_examples_without_features_are_no_trouble(void **state)
{
    (void)state;
    struct spine_examples *examples;
    struct spine_accuracy accuracy;
    const float nothing[COLUMNS] = {0};
    TRY(spine_examples_create(&examples, COLUMNS, &err));
    for (size_t i = 0; i < 40; i++)
        TRY(spine_examples_add(examples, nothing, i % 4 == 0, &err));
    TRY(spine_classifier_test(examples, SPINE_CLASSIFIER_LOGISTIC, 20, 10, 1, &accuracy, &err));
    assert_int_equal(accuracy.count, 10);
    assert_true(accuracy.correct >= 7); /* the more frequent label */
    spine_examples_destroy(examples);
}

/* The two features that a label has are found, the stronger one first; with them alone, the label
 * is told from the others. */
static void test_the_best_features_of_a_label_are_found(void **state)
{
    (void)state;
    struct spine_examples *examples = make_examples(600, 0.3F, 1), *few;
    for (uint32_t label = 0; label < LABELS; label++) {
        const uint32_t wanted[] = {2 * label, 2 * label + 1};
        double contrast[COLUMNS];
        struct spine_accuracy accuracy;
        TRY(spine_examples_contrast(examples, 300, label, contrast, &err));
        for (size_t j = 0; j < COLUMNS; j++) {
            assert_true(j == wanted[0] || contrast[j] < contrast[wanted[0]]);
            assert_true((j / 2 == label) == (contrast[j] > 0));
        }

        TRY(spine_examples_choose(examples, wanted, 2, label, &few, &err));
        assert_int_equal(spine_examples_columns(few), 2);
        TRY(spine_classifier_test(few, SPINE_CLASSIFIER_LOGISTIC, 300, 0, 1, &accuracy, &err));
        assert_int_equal(accuracy.correct, accuracy.count);
        spine_examples_destroy(few);

        /* Features of another label say less. */
        const uint32_t others[] = {(2 * label + 2) % COLUMNS};
        TRY(spine_examples_choose(examples, others, 1, label, &few, &err));
        TRY(spine_classifier_test(few, SPINE_CLASSIFIER_LOGISTIC, 300, 0, 1, &accuracy, &err));
        assert_true(accuracy.correct < accuracy.count * 8 / 10);
        spine_examples_destroy(few);

        assert_true(fabs(spine_examples_majority(examples, 300, 300, label) - 2.0 / 3) < 1e-12);
    }
    spine_examples_destroy(examples);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_can_be_told_apart_is),
        cmocka_unit_test(test_the_scale_of_the_features_does_not_matter),
        cmocka_unit_test(test_the_same_seed_gives_the_same_accuracy),
        cmocka_unit_test(test_nothing_is_learned_from_the_test),
        cmocka_unit_test(test_cross_validation_tests_every_example_once),
        cmocka_unit_test(test_folds_have_their_share_of_each_label),
        cmocka_unit_test(test_too_few_examples_are_refused),
        cmocka_unit_test(test_examples_without_features_are_no_trouble),
        cmocka_unit_test(test_the_best_features_of_a_label_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
