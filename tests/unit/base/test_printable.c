/* test_printable.c -- no byte of a text reaches a terminal that obeys it, and messages keep their
 * ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "spine/base/error.h"
#include "spine/base/printable.h"

static void test_control_characters_are_escaped(void **state)
{
    (void)state;
    static const char text[] = "a\x1b[2K\r\n\tb\x7f \xc3\xa9 \xc2\x9b \xc2\xa9\xff\xc2";
    static const char expected[] =
        "a\\x1B[2K\\x0D\\x0A\\x09b\\x7F \xc3\xa9 \\xC2\\x9B \xc2\xa9\xff\xc2";
    char out[128], *printed = NULL;
    size_t size = 0;

    spine_printable_copy(out, sizeof out, text);
    assert_string_equal(out, expected);

    FILE *file = open_memstream(&printed, &size);
    spine_printable_print(file, text);
    fclose(file);
    assert_string_equal(printed, expected);
    free(printed);

    file = open_memstream(&printed, &size);
    spine_printable_line(file, "%d %s", 7, "a\x1b\nb");
    fclose(file);
    assert_string_equal(printed, "7 a\\x1B\\x0Ab\n");
    free(printed);
}

static void test_a_width_is_that_of_what_is_printed(void **state)
{
    (void)state;
    assert_int_equal(spine_printable_width("caf\xc3\xa9"), 4);
    assert_int_equal(spine_printable_width("a\x1b[2K"), 8);
    assert_int_equal(spine_printable_width("\xc2\x9b"), 8);
    assert_true(spine_printable_is("caf\xc3\xa9 \xff"));
    assert_false(spine_printable_is("a\tb"));
    assert_false(spine_printable_is("a\x7f"));
    assert_false(spine_printable_is("a\xc2\x9b"));
}

static void test_blanks_at_the_end_are_left_out(void **state)
{
    (void)state;
    assert_int_equal(spine_printable_trimmed("a b  ", 10), 3);
    assert_int_equal(spine_printable_trimmed("a b  ", 2), 1);
    assert_int_equal(spine_printable_trimmed("  ", 10), 0);
    assert_int_equal(spine_printable_trimmed("", 10), 0);
}

/* Every length about the capacity, of characters of 1, 2 and 3 bytes and of control characters. */
static void test_a_long_text_loses_its_middle(void **state)
{
    (void)state;
    static const char *const characters[] = {"x", "\xc3\xa9", "\xe2\x82\xac", "\x1b"};

    for (size_t c = 0; c < sizeof characters / sizeof *characters; c++)
        for (size_t count = 0; count < 300; count++) {
            char text[2000] = "path ", out[128];
            for (size_t i = 0; i < count; i++)
                strcat(text, characters[c]);
            strcat(text, ": the reason");
            spine_printable_copy(out, sizeof out, text);
            assert_true(strlen(out) < sizeof out);
            assert_memory_equal(out, "path ", 5);
            assert_string_equal(out + strlen(out) - 12, ": the reason");
            /* Characters stay whole. */
            const char *gap = strstr(out, " ... ");
            if (gap != NULL && c > 0 && c < 3) {
                assert_int_equal((size_t)(gap - out - 5) % strlen(characters[c]), 0);
                assert_int_equal((strlen(gap) - 5 - 12) % strlen(characters[c]), 0);
            }
            assert_true(gap != NULL || strlen(out) >= strlen(text));
        }
}

static void test_a_message_keeps_its_reason(void **state)
{
    (void)state;
    struct spine_error err;
    char path[3000];

    memset(path, 'p', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    assert_int_equal(spine_fail(&err, "%s: No such file or directory", path), -1);
    assert_non_null(strstr(err.text, " ... "));
    assert_string_equal(err.text + strlen(err.text) - 27, ": No such file or directory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_control_characters_are_escaped),
        cmocka_unit_test(test_blanks_at_the_end_are_left_out),
        cmocka_unit_test(test_a_width_is_that_of_what_is_printed),
        cmocka_unit_test(test_a_long_text_loses_its_middle),
        cmocka_unit_test(test_a_message_keeps_its_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
