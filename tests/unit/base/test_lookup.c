/* test_lookup.c -- words are found where they first stand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "spine/base/lookup.h"
#include "support/expect.h"

static void test_words_are_found_where_they_first_stand(void **state)
{
    (void)state;
    enum { COUNT = 1000, DIFFERENT = 900 };
    struct spine_words words = {0};
    struct spine_lookup lookup;
    char word[16];
    for (size_t i = 0; i < COUNT; i++) {
        snprintf(word, sizeof word, "word%zu", i % DIFFERENT);
        TRY(spine_words_add(&words, word, strlen(word), &err));
    }
    TRY(spine_lookup_init(&lookup, COUNT, &err));
    for (size_t i = 0; i < COUNT; i++)
        assert_int_equal(spine_lookup_add(&lookup, &words, i), i < DIFFERENT ? 0 : -1);
    for (size_t i = 0; i < COUNT; i++)
        assert_int_equal(spine_lookup_find(&lookup, &words, spine_words_get(&words, i)),
                         i % DIFFERENT);
    assert_int_equal(spine_lookup_find(&lookup, &words, "word900"), -1);
    assert_int_equal(spine_lookup_find(&lookup, &words, ""), -1);
    spine_lookup_dispose(&lookup);
    spine_lookup_dispose(&lookup);
    spine_words_dispose(&words);
}

static void test_nothing_is_found_in_an_empty_list(void **state)
{
    (void)state;
    const struct spine_words words = {0};
    struct spine_lookup lookup;
    TRY(spine_lookup_init(&lookup, 0, &err));
    assert_int_equal(spine_lookup_find(&lookup, &words, "word"), -1);
    spine_lookup_dispose(&lookup);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_are_found_where_they_first_stand),
        cmocka_unit_test(test_nothing_is_found_in_an_empty_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
