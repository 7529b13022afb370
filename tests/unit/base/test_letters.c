/* test_letters.c -- spellings of words, also beyond ASCII. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "spine/base/letters.h"

static void test_spellings(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        const char *spelling[SPINE_LETTERS_COUNT]; /* NULL: none but the word */
    } cases[] = {
        {"athens", {NULL, NULL, "Athens", "ATHENS"}},
        {"Évora", {NULL, "évora", NULL, "ÉVORA"}},
        {"ŁÓDŹ", {NULL, "łódź", "Łódź", NULL}},
        {"Москва", {NULL, "москва", NULL, "МОСКВА"}},
        {"ΟΔΟΣ", {NULL, "οδος", "Οδος", NULL}}, /* a sigma at the end has a form of its own */
        {"straße", {NULL, NULL, "Straße", "STRASSE"}},
        {"E\xCC\x81vora", {"Évora", "évora", "Évora", "ÉVORA"}},
        {"1234", {NULL, NULL, NULL, NULL}},
        {"", {NULL, NULL, NULL, NULL}},
        {"Caf\xE9", {NULL, NULL, NULL, NULL}}, /* not UTF-8 */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int k = 0; k < SPINE_LETTERS_COUNT; k++) {
            char out[SPINE_LETTERS_MOST] = "";
            const char *expected = cases[i].spelling[k];
            assert_int_equal(spine_letters_spell(cases[i].word, (enum spine_letters)k, out),
                             expected != NULL);
            if (expected != NULL)
                assert_string_equal(out, expected);
        }
}

static void test_long_words_have_no_other_spelling(void **state)
{
    (void)state;
    char word[SPINE_LETTERS_MOST + 1], out[SPINE_LETTERS_MOST];
    memset(word, 'A', sizeof word);
    word[SPINE_LETTERS_MOST] = '\0';
    assert_false(spine_letters_spell(word, SPINE_LETTERS_LOWER, out));
    word[SPINE_LETTERS_MOST - 1] = '\0';
    assert_true(spine_letters_spell(word, SPINE_LETTERS_LOWER, out));
    assert_int_equal(strlen(out), SPINE_LETTERS_MOST - 1);
    for (size_t i = 0; i + 2 < sizeof word; i += 2) /* each becomes three bytes */
        memcpy(word + i, "\xC8\xBA", 2);
    word[SPINE_LETTERS_MOST - 2] = '\0';
    assert_false(spine_letters_spell(word, SPINE_LETTERS_LOWER, out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spellings),
        cmocka_unit_test(test_long_words_have_no_other_spelling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
