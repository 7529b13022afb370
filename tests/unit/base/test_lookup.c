/* test_lookup.c -- words are found where they first occur, and duplicates are told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/lookup.h"
#include "support/expect.h"

static void test_words_are_found_where_they_first_occur(void **state)
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
        assert_int_equal(spine_lookup_add(&lookup, &words, i), i < DIFFERENT);
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

static void test_duplicates_are_found(void **state)
{
    (void)state;
    static const struct {
        const char *words[8]; /* up to a NULL */
        size_t most, count;
        uint64_t indices[8];
    } cases[] = {
        {{NULL}, 9, 0, {0}},
        {{"a"}, 9, 0, {0}},
        {{"a", "b", "c"}, 9, 0, {0}},
        {{"a", "a"}, 9, 1, {1}},
        {{"a", "b", "a", "c", "b", "a"}, 9, 3, {2, 4, 5}},
        {{"a", "b", "a", "c", "b", "a"}, 2, 2, {2, 4}},
        {{"a", "b", "a", "c", "b", "a"}, 1, 1, {2}},
        {{"a", "a"}, 0, 0, {0}},
        {{"", "a", ""}, 9, 1, {2}},
        {{"the", "The", "th", "the "}, 9, 0, {0}}, /* byte for byte */
        {{"caf\xE9", "caf\xC3\xA9", "caf\xE9"}, 9, 1, {2}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spine_words words = {0};
        uint64_t *indices = NULL;
        size_t count = 99;
        for (size_t k = 0; cases[i].words[k] != NULL; k++)
            TRY(spine_words_add(&words, cases[i].words[k], strlen(cases[i].words[k]), &err));
        TRY(spine_lookup_find_duplicates(&words, cases[i].most, &indices, &count, &err));
        assert_int_equal(count, cases[i].count);
        if (count > 0)
            assert_memory_equal(indices, cases[i].indices, count * sizeof *indices);
        free(indices);
        spine_words_dispose(&words);
    }
}

static void test_many_words_are_told_apart(void **state)
{
    (void)state;
    enum { COUNT = 100000, DIFFERENT = 65536 }; /* a power of two: the table is at its fullest */
    struct spine_words words = {0};
    uint64_t *indices = NULL;
    size_t count = 0;
    char word[32];
    for (int i = 0; i < COUNT; i++) {
        const int length = snprintf(word, sizeof word, "word%d", i % DIFFERENT);
        TRY(spine_words_add(&words, word, (size_t)length, &err));
    }
    TRY(spine_lookup_find_duplicates(&words, COUNT, &indices, &count, &err));
    assert_int_equal(count, COUNT - DIFFERENT);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(indices[i], DIFFERENT + i);
    spine_words_drop(&words, indices, count); /* what is left has none */
    free(indices);
    assert_int_equal(words.count, DIFFERENT);
    TRY(spine_lookup_find_duplicates(&words, COUNT, &indices, &count, &err));
    assert_int_equal(count, 0);
    free(indices);
    spine_words_dispose(&words);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_are_found_where_they_first_occur),
        cmocka_unit_test(test_nothing_is_found_in_an_empty_list),
        cmocka_unit_test(test_duplicates_are_found),
        cmocka_unit_test(test_many_words_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
