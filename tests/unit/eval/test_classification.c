/* test_classification.c -- texts become features as a space sees them, dense or sparse; and what is
 * no task is refused with file and line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spine/eval/classification.h"
#include "support/directory.h"
#include "support/expect.h"
#include "support/spaces.h"

static const char words[] = "good bad Bad film";
static const float values[] = {1, 0, 0.5F, 0, 1, 0.5F, 0, 0, 3, 0.25F, 0.25F, 0};

static void write_text(const char *name, const char *text)
{
    const struct path path = join_path(&directory, name);
    assert_int_equal(put_text(&path, text), 0);
}

/* "NAME=DIRECTORY/A,DIRECTORY/B" of "NAME=A,B". */
static const char *in_directory(const char *description)
{
    static char text[2048];
    size_t used = 0;
    for (const char *at = description; *at != '\0'; at++) {
        text[used++] = *at;
        if ((*at == '=' || *at == ',') && at[1] != ',' && at[1] != '\0')
            used += (size_t)snprintf(text + used, sizeof text - used, "%s/", directory.text);
        assert_true(used < sizeof text);
    }
    text[used] = '\0';
    return text;
}

/* Texts of the same two words, in an order that is the label. */
static void write_phrases(const char *name, size_t count)
{
    const struct path path = join_path(&directory, name);
    FILE *file = fopen(path.text, "w");
    assert_non_null(file);
    for (size_t i = 0; i < count; i++)
        fputs(i % 2 == 0 ? "__label__up good bad\n" : "__label__down bad good\n", file);
    assert_int_equal(fclose(file), 0);
}

static double accuracy_of(const struct spine_task *task, const struct spine_space *space,
                          struct spine_coverage *coverage)
{
    struct spine_examples *examples;
    struct spine_accuracy accuracy;
    TRY(spine_task_examples(task, space, &examples, coverage, &err));
    TRY(spine_task_measure(task, examples, SPINE_CLASSIFIER_LOGISTIC, 1, &accuracy, &err));
    spine_examples_destroy(examples);
    return (double)accuracy.correct / (double)accuracy.count;
}

static void test_only_concatenation_sees_the_order_of_words(void **state)
{
    (void)state;
    struct spine_space spaces[2];
    struct spine_coverage coverage;
    make_space(&spaces[0], words, 3, values);
    make_codes(&spaces[1], words, 3, values);
    write_phrases("train", 40);
    write_phrases("test", 20);
    for (size_t i = 0; i < 2; i++) {
        struct spine_task task;
        TRY(spine_task_read(&task, in_directory("p=train,test"), SPINE_FEATURES_MEAN, &err));
        assert_true(accuracy_of(&task, &spaces[i], &coverage) == 0.5);
        spine_task_dispose(&task);
        TRY(spine_task_read(&task, in_directory("p=train,test"), SPINE_FEATURES_CONCAT, &err));
        assert_true(accuracy_of(&task, &spaces[i], &coverage) == 1);
        spine_task_dispose(&task);
        TRY(spine_task_read_folds(&task, in_directory("p=train"), SPINE_FEATURES_CONCAT, 1, &err));
        assert_int_equal(task.num_folds, 10);
        assert_true(accuracy_of(&task, &spaces[i], &coverage) == 1);
        spine_task_dispose(&task);
        spine_space_dispose(&spaces[i]);
    }
}

/* Coverage and what is learned: 'Bad' has a vector of its own, 'GOOD' is found in lower case. */
static void test_tokens_are_found_as_they_are_or_in_lower_case(void **state)
{
    (void)state;
    struct spine_space space;
    struct spine_task task;
    struct spine_coverage coverage;
    make_space(&space, words, 3, values);
    write_text("train", "__label__a good film\n__label__a GOOD what\n__label__a goOd\n"
                        "__label__b bad film\n__label__b BAD\n__label__b bad \xC3\x89\n"
                        "__label__c Bad\n__label__c Bad film\n__label__c Bad Bad\n");
    write_text("valid", "__label__a GOOD\n__label__b BAD\n__label__c Bad\n");
    write_text("test",
               "__label__c Bad who\n__label__b bAD\n__label__a good Film\n__label__a what who\n");
    TRY(spine_task_read(&task, in_directory("t=train,valid,test"), SPINE_FEATURES_MEAN, &err));
    assert_string_equal(task.name, "t");
    assert_int_equal(task.num_train, 9);
    assert_int_equal(task.num_valid, 3);
    assert_true(accuracy_of(&task, &space, &coverage) >= 0.75);
    assert_int_equal(coverage.tokens, 15 + 3 + 7);
    assert_int_equal(coverage.found, 13 + 3 + 4);
    assert_int_equal(coverage.empty, 1);
    spine_task_dispose(&task);
    spine_space_dispose(&space);
}

static void test_what_is_no_task_is_refused(void **state)
{
    (void)state;
    struct spine_task task;
    write_text("good", "__label__a x y\n__label__b y x\n__label__a z z\n");
    write_text("other", "__label__a x y\n__label__b y x\n__label__new z z\n");
    write_text("one", "__label__a x y\n__label__a y x\n");
    write_text("three", "__label__a x y\n__label__b y x z\n");
    write_text("broken", "__label__a x y\nx y\n");
    static const struct {
        const char *description;
        enum spine_features features;
        bool where; /* begins the message with the directory? */
        const char *before;
        const char *train; /* ends it with this file of the directory? */
    } cases[] = {
        {"", SPINE_FEATURES_MEAN, false, "'': expected NAME=FILE,FILE...", NULL},
        {"trec", SPINE_FEATURES_MEAN, false, "'trec': expected NAME=FILE,FILE...", NULL},
        {"t=good,broken", SPINE_FEATURES_MEAN, true,
         "/broken:2: no label: a token that begins with __label__ was expected", NULL},
        {"t=good,other", SPINE_FEATURES_MEAN, true, "/other:3: label 'new' doesn't occur in ",
         "/good"},
        {"t=good,other,good", SPINE_FEATURES_MEAN, true, "/other:3: label 'new' doesn't occur in ",
         "/good"},
        {"t=one,one", SPINE_FEATURES_MEAN, false, "t: all texts have the same label", NULL},
        {"t=one,good", SPINE_FEATURES_MEAN, true, "/good:2: label 'b' doesn't occur in ", "/one"},
        {"t=good,three", SPINE_FEATURES_CONCAT, true,
         "/three:2: 3 words, but the first text has 2: concatenation needs the same number", NULL},
        {"t=good,nowhere", SPINE_FEATURES_MEAN, true, "/nowhere: No such file or directory", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *description = in_directory(cases[i].description);
        EXPECT_REFUSED(spine_task_read(&task, description, cases[i].features, &err), "%s%s%s%s",
                       cases[i].where ? directory.text : "", cases[i].before,
                       cases[i].train ? directory.text : "", cases[i].train ? cases[i].train : "");
        spine_task_dispose(&task);
    }
    EXPECT_REFUSED(spine_task_read(&task, "=a,b", SPINE_FEATURES_MEAN, &err),
                   "'=a,b': expected NAME=FILE,FILE...");
    EXPECT_REFUSED(spine_task_read(&task, "t=a", SPINE_FEATURES_MEAN, &err),
                   "'t=a': expected NAME=TRAIN,TEST or NAME=TRAIN,VALID,TEST");
    spine_task_dispose(&task);
    EXPECT_REFUSED(spine_task_read(&task, "t=a,b,c,d", SPINE_FEATURES_MEAN, &err),
                   "'t=a,b,c,d': expected NAME=TRAIN,TEST or NAME=TRAIN,VALID,TEST");
    spine_task_dispose(&task);
    EXPECT_REFUSED(spine_task_read(&task, "t=a,,b", SPINE_FEATURES_MEAN, &err),
                   "'t=a,,b': a file name is missing");
    spine_task_dispose(&task);
    EXPECT_REFUSED(spine_task_read_folds(&task, "t=a,b", SPINE_FEATURES_MEAN, 1, &err),
                   "'t=a,b': expected one file, or three folds or more");
    spine_task_dispose(&task);
    spine_task_dispose(&task);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_only_concatenation_sees_the_order_of_words),
        TEST(test_tokens_are_found_as_they_are_or_in_lower_case),
        TEST(test_what_is_no_task_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
