/* test_textstream.c -- what is printed comes back as a text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "spine/base/textstream.h"
#include "support/expect.h"

static void test_nothing_printed_is_an_empty_text(void **state)
{
    (void)state;
    struct spine_textstream stream;
    TRY(spine_textstream_open(&stream, "a test", &err));
    char *text = spine_textstream_close(&stream, &err);
    assert_string_equal(text, "");
    assert_int_equal(stream.length, 0);
    free(text);
}

static void test_all_bytes_are_kept_and_ended_by_nul(void **state)
{
    (void)state;
    enum { LINES = 20000 };
    struct spine_textstream stream;
    TRY(spine_textstream_open(&stream, "a test", &err));
    for (int i = 0; i < LINES; i++)
        fprintf(stream.file, "%05d%c\n", i, '\0');
    char *text = spine_textstream_close(&stream, &err);
    assert_int_equal(stream.length, LINES * 7);
    assert_int_equal(strlen(text), 5);
    assert_string_equal(text + (LINES - 1) * 7, "19999");
    assert_memory_equal(text + stream.length - 2, "\0\n", 3);
    free(text);
}

static void test_a_stream_that_failed_gives_no_text(void **state)
{
    (void)state;
    struct spine_textstream stream = {.file = fopen("/dev/full", "w"), .what = "a test"};
    assert_non_null(stream.file);
    fputs("lost", stream.file);
    assert_null(spine_textstream_close(&stream, &err));
    assert_string_equal(err.text, "out of memory for a test");
    assert_int_equal(err.status, SPINE_EXIT_FAILED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_printed_is_an_empty_text),
        cmocka_unit_test(test_all_bytes_are_kept_and_ended_by_nul),
        cmocka_unit_test(test_a_stream_that_failed_gives_no_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
