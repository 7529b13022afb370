/* test_words.c -- words are kept byte for byte; what UTF-8 is and how the rest is escaped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spine/base/words.h"
#include "support/expect.h"

static void test_words_come_back_in_their_order(void **state)
{
    (void)state;
    enum { COUNT = 10000 };
    struct spine_words words = {0};
    char word[64];
    for (int i = 0; i < COUNT; i++) {
        const int length = snprintf(word, sizeof word, "%d %.*s", i, i % 30,
                                    "abcdefghijklmnopqrstuvwxyz0123456789");
        TRY(spine_words_add(&words, word, (size_t)length, &err));
    }
    assert_int_equal(words.count, COUNT);
    for (int i = 0; i < COUNT; i++) {
        snprintf(word, sizeof word, "%d %.*s", i, i % 30, "abcdefghijklmnopqrstuvwxyz0123456789");
        assert_string_equal(spine_words_get(&words, (size_t)i), word);
    }
    spine_words_dispose(&words);
    assert_int_equal(words.count, 0);
    spine_words_dispose(&words);
}

static void test_a_word_has_the_bytes_it_was_given(void **state)
{
    (void)state;
    struct spine_words words = {0};
    char *longest = malloc(70000);
    memset(longest, 'x', 70000);
    TRY(spine_words_add(&words, "", 0, &err));
    TRY(spine_words_add(&words, "New York", 3, &err)); /* as many as asked for */
    TRY(spine_words_add(&words, "\xFF\xFE", 2, &err));
    TRY(spine_words_add(&words, longest, 70000, &err));
    memset(longest, 'y', 70000); /* they were copied */
    assert_string_equal(spine_words_get(&words, 0), "");
    assert_string_equal(spine_words_get(&words, 1), "New");
    assert_string_equal(spine_words_get(&words, 2), "\xFF\xFE");
    assert_int_equal(strspn(spine_words_get(&words, 3), "x"), 70000);
    assert_int_equal(words.bytes, 1 + 4 + 3 + 70001);
    free(longest);
    spine_words_dispose(&words);
}

static void test_a_list_is_cut_and_grows_again(void **state)
{
    (void)state;
    struct spine_words words = {0};
    for (int i = 0; i < 5; i++)
        TRY(spine_words_add(&words, "word", 4, &err));
    spine_words_truncate(&words, 9); /* it has no more than 5 */
    assert_int_equal(words.count, 5);
    spine_words_truncate(&words, 2);
    TRY(spine_words_add(&words, "new", 3, &err));
    assert_int_equal(words.count, 3);
    assert_int_equal(words.bytes, 5 + 5 + 4);
    assert_string_equal(spine_words_get(&words, 1), "word");
    assert_string_equal(spine_words_get(&words, 2), "new");
    spine_words_truncate(&words, 0);
    assert_int_equal(words.bytes, 0);
    spine_words_dispose(&words);
}

static void test_words_are_dropped_by_index(void **state)
{
    (void)state;
    static const struct {
        uint64_t indices[4];
        size_t count;
        const char *left;
    } cases[] = {
        {{0}, 0, "abcd"},  {{0}, 1, "bcd"},   {{3}, 1, "abc"},
        {{1, 2}, 2, "ad"}, {{0, 2}, 2, "bd"}, {{0, 1, 2, 3}, 4, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spine_words words = {0};
        for (const char *word = "abcd"; *word != '\0'; word++)
            TRY(spine_words_add(&words, word, 1, &err));
        spine_words_drop(&words, cases[i].indices, cases[i].count);
        assert_int_equal(words.count, strlen(cases[i].left));
        for (size_t k = 0; k < words.count; k++)
            assert_int_equal(spine_words_get(&words, k)[0], cases[i].left[k]);
        TRY(spine_words_add(&words, "new", 3, &err)); /* and it grows again */
        assert_string_equal(spine_words_get(&words, words.count - 1), "new");
        spine_words_dispose(&words);
    }
    struct spine_words none = {0};
    spine_words_drop(&none, NULL, 0);
    assert_int_equal(none.count, 0);
}

static const struct {
    const char *bytes;
    size_t length; /* of the first character; 0: not valid */
} characters[] = {
    {"a", 1},
    {"\x01", 1},
    {"\x7F", 1},
    {"\xC2\x80", 2},         /* U+0080 */
    {"\xC3\xA9", 2},         /* e with an acute */
    {"\xDF\xBF", 2},         /* U+07FF */
    {"\xE0\xA0\x80", 3},     /* U+0800 */
    {"\xE4\xB8\xAD", 3},     /* a Chinese character */
    {"\xED\x9F\xBF", 3},     /* U+D7FF, before the surrogates */
    {"\xEE\x80\x80", 3},     /* U+E000, after them */
    {"\xEF\xBF\xBF", 3},     /* U+FFFF */
    {"\xF0\x90\x80\x80", 4}, /* U+10000 */
    {"\xF0\x9F\x98\x80", 4}, /* a face */
    {"\xF4\x8F\xBF\xBF", 4}, /* U+10FFFF, the last */
    {"", 0},                 /* the end */
    {"\x80", 0},             /* a continuation without its lead */
    {"\xBF", 0},
    {"\xC0\x80", 0},     /* overlong NUL */
    {"\xC1\xBF", 0},     /* overlong U+007F */
    {"\xE0\x80\x80", 0}, /* overlong, three bytes */
    {"\xE0\x9F\xBF", 0},
    {"\xF0\x80\x80\x80", 0}, /* overlong, four bytes */
    {"\xF0\x8F\xBF\xBF", 0},
    {"\xED\xA0\x80", 0},     /* surrogates: U+D800 */
    {"\xED\xBF\xBF", 0},     /* U+DFFF */
    {"\xF4\x90\x80\x80", 0}, /* U+110000 */
    {"\xF5\x80\x80\x80", 0},
    {"\xF8\x88\x80\x80\x80", 0},
    {"\xFE", 0},
    {"\xFF", 0},
    {"\xC3", 0}, /* cut off */
    {"\xE4", 0},
    {"\xE4\xB8", 0},
    {"\xF0\x9F", 0},
    {"\xF0\x9F\x98", 0},
    {"\xC3(", 0}, /* another character where a continuation must be */
    {"\xE4\xB8(", 0},
    {"\xE4(\xAD", 0},
    {"\xF0\x9F\x98(", 0},
    {"\xC3\xC3\xA9", 0},
};

static void test_utf8_is_what_the_standard_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof characters / sizeof *characters; i++) {
        char text[16];
        if (spine_words_character(characters[i].bytes) != characters[i].length)
            fail_msg("case %zu", i);
        snprintf(text, sizeof text, "%s!", characters[i].bytes); /* what follows doesn't count */
        if (characters[i].bytes[0] != '\0')
            assert_int_equal(spine_words_character(text), characters[i].length);
    }
}

static const struct {
    const char *word, *escaped; /* NULL: as it is */
} escapes[] = {
    {"", NULL},
    {"the", NULL},
    {"\\xE9", NULL}, /* only looks escaped */
    {"na\xC3\xAFve", NULL},
    {"\xF0\x9F\x98\x80", NULL},
    {"caf\xE9", "caf\\xE9"},
    {"\xE9t\xE9", "\\xE9t\\xE9"},
    {"\xC3", "\\xC3"},
    {"\xE4\xB8", "\\xE4\\xB8"},
    {"\xED\xA0\x80", "\\xED\\xA0\\x80"},
    {"\xC0\x80", "\\xC0\\x80"},
    {"\xFF\xC3\xA9\xFF", "\\xFF\xC3\xA9\\xFF"},
    {"\xF0\x9F\x98(", "\\xF0\\x9F\\x98("},
};

static void test_what_is_not_utf8_is_escaped(void **state)
{
    (void)state;
    struct spine_words words = {0};
    for (size_t i = 0; i < sizeof escapes / sizeof *escapes; i++) {
        bool escaped = false;
        TRY(spine_words_add_escaped(&words, escapes[i].word, &escaped, &err));
        assert_string_equal(spine_words_get(&words, i),
                            escapes[i].escaped == NULL ? escapes[i].word : escapes[i].escaped);
        assert_int_equal(escaped, escapes[i].escaped != NULL);
    }
    char *bytes = malloc(10001);
    bool escaped = false;
    memset(bytes, 0xFF, 10000);
    bytes[10000] = '\0';
    TRY(spine_words_add_escaped(&words, bytes, &escaped, &err));
    assert_int_equal(strlen(spine_words_get(&words, words.count - 1)), 40000);
    free(bytes);
    spine_words_dispose(&words);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_come_back_in_their_order),
        cmocka_unit_test(test_a_word_has_the_bytes_it_was_given),
        cmocka_unit_test(test_a_list_is_cut_and_grows_again),
        cmocka_unit_test(test_words_are_dropped_by_index),
        cmocka_unit_test(test_utf8_is_what_the_standard_says),
        cmocka_unit_test(test_what_is_not_utf8_is_escaped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
