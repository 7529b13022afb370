/* test_textfile.c -- a file is read whole or refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spine/base/textfile.h"
#include "support/expect.h"
#include "support/temporary.h"

static struct path directory;

static struct path write_bytes(const char *name, size_t count)
{
    const struct path path = join_path(&directory, name);
    FILE *file = fopen(path.text, "wb");

    assert_non_null(file);
    for (size_t i = 0; i < count; i++)
        fputc((int)(i * 31 % 251), file);
    assert_int_equal(fclose(file), 0);
    return path;
}

/* Sizes about the blocks it is read in, bytes of every value among them. */
static void test_a_file_is_read_whole(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 65535, 65536, 65537, 200000};

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const struct path path = write_bytes("whole", sizes[i]);
        char *text = NULL;
        size_t length = 99;
        TRY(spine_textfile_read(path.text, "a test", sizes[i], &text, &length, &err));
        assert_int_equal(length, sizes[i]);
        for (size_t k = 0; k < length; k++)
            assert_int_equal((unsigned char)text[k], k * 31 % 251);
        assert_int_equal(text[length], 0);
        free(text);
    }
}

static void test_the_length_may_be_left_out(void **state)
{
    (void)state;
    const struct path path = join_path(&directory, "text");
    char *text = NULL;

    assert_int_equal(put_text(&path, "[train]\n"), 0);
    TRY(spine_textfile_read(path.text, "a test", 8, &text, NULL, &err));
    assert_string_equal(text, "[train]\n");
    free(text);
}

static void test_a_file_that_is_too_large_is_refused(void **state)
{
    (void)state;
    static const size_t sizes[] = {11, 65536, 200000};

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const struct path path = write_bytes("large", sizes[i]);
        char *text = NULL;
        size_t length = 99;
        EXPECT_REFUSED(spine_textfile_read(path.text, "a test", 10, &text, &length, &err),
                       "%s: is larger than 10 bytes; is it a test?", path.text);
        assert_null(text);
        assert_int_equal(length, 99);
    }
}

static void test_what_is_no_file_is_refused(void **state)
{
    (void)state;
    const struct path absent = join_path(&directory, "absent");
    char *text = NULL;

    EXPECT_REFUSED(spine_textfile_read(absent.text, "a test", 10, &text, NULL, &err),
                   "%s: No such file or directory", absent.text);
    EXPECT_REFUSED(spine_textfile_read(directory.text, "a test", 10, &text, NULL, &err),
                   "%s: Is a directory", directory.text);
    assert_null(text);
}

static void test_a_byte_order_mark_is_found(void **state)
{
    (void)state;

    assert_int_equal(spine_textfile_mark("\xEF\xBB\xBFthe", 6), 3);
    assert_int_equal(spine_textfile_mark("\xEF\xBB\xBF", 3), 3);
    assert_int_equal(spine_textfile_mark("\xEF\xBB\xBF", 2), 0);
    assert_int_equal(spine_textfile_mark("\xEF\xBB\xBF\xEF\xBB\xBFthe", 9), 6);
    assert_int_equal(spine_textfile_mark("\xEF\xBB\xBF\xEF\xBB\xBF", 5), 3);
    assert_int_equal(spine_textfile_mark("the", 3), 0);
    assert_int_equal(spine_textfile_mark("", 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_file_is_read_whole),
        cmocka_unit_test(test_the_length_may_be_left_out),
        cmocka_unit_test(test_a_file_that_is_too_large_is_refused),
        cmocka_unit_test(test_what_is_no_file_is_refused),
        cmocka_unit_test(test_a_byte_order_mark_is_found),
    };

    directory = make_temporary();
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    remove_all(&directory);
    return failed;
}
