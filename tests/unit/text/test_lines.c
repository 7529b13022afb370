/* test_lines.c -- a file as a stream of lines, whole, in ranges, compressed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spine/text/lines.h"
#include "support/directory.h"

static const char members[] = SPINE_TEST_DATA "/lines/members.gz";
static const char frames[] = SPINE_TEST_DATA "/lines/frames.zst";
/* What both hold: two members or frames, that meet inside "four". */
static const char packed_lines[] = "1:one|2:two|3:|4:four|5:five without a newline!|";

/* Write a file in the current directory; path is overwritten by its name. */
static void write_file(char *path, const void *bytes, size_t length)
{
    strcpy(path, "test_lines_XXXXXX");
    const int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, bytes, length), length);
    assert_int_equal(close(file), 0);
}

static char *read_whole(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char *bytes = malloc(1 << 16);
    assert_non_null(bytes);
    *length = fread(bytes, 1, 1 << 16, file);
    fclose(file);
    return bytes;
}

/* "NUMBER:TEXT|" for each line, and "!" before the bar where the newline is missing. Returns -1 and
 * err when reading fails. */
static int describe(struct spine_lines *input, char *text, size_t size, struct spine_error *err)
{
    struct spine_line line;
    size_t used = 0;
    int rc;
    text[0] = '\0';
    while ((rc = spine_lines_next(input, &line, err)) == 1) {
        used += (size_t)snprintf(text + used, size - used, "%d:%.*s%s|", (int)line.number,
                                 (int)line.length, line.text, line.is_cut ? "!" : "");
        assert_true(used < size);
        assert_int_equal(line.is_first, line.number == 1);
    }
    return rc;
}

static int describe_file(const char *path, char *text, size_t size, struct spine_error *err)
{
    struct spine_lines *input = NULL;
    if (spine_lines_open(&input, path, err))
        return -1;
    const int rc = describe(input, text, size, err);
    spine_lines_close(input);
    return rc;
}

static void test_lines_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *text, *lines;
    } cases[] = {
        {"", ""},
        {"\n", "1:|"},
        {"a", "1:a!|"},
        {"a\n", "1:a|"},
        {"a\nb", "1:a|2:b!|"},
        {"a\n\n\nb\n", "1:a|2:|3:|4:b|"},
        {"a\r\nb\r\n", "1:a|2:b|"},
        {"a\r\r\n\r\n\rb\n", "1:a\r|2:|3:\rb|"},
        {"a\r", "1:a!|"},
        {"\r", "1:!|"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char path[32], text[256];
        struct spine_error err;
        write_file(path, cases[i].text, strlen(cases[i].text));
        assert_int_equal(describe_file(path, text, sizeof text, &err), 0);
        assert_string_equal(text, cases[i].lines);
        unlink(path);
    }
}

static void test_ranges_share_out_the_lines(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "alpha\nb\n\n\ngamma delta\r\nepsilon\n",
        "no newline at all",
        "a\nb\nc",
        "\n\n\n\n",
        "x\n",
        "a very long line that covers many of the ranges, all but the last of them\nz\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char path[32];
        struct spine_error err;
        const size_t bytes = strlen(texts[i]);
        write_file(path, texts[i], bytes);
        for (size_t ranges = 1; ranges <= bytes + 3; ranges++) {
            char joined[256] = "";
            for (size_t k = 0; k < ranges; k++) {
                struct spine_lines *input = NULL;
                struct spine_line line;
                uint64_t expected = 1;
                assert_int_equal(spine_lines_open_range(&input, path, k * bytes / ranges,
                                                        (k + 1) * bytes / ranges, &err),
                                 0);
                while (spine_lines_next(input, &line, &err) == 1) {
                    assert_int_equal(line.number, expected++);
                    assert_int_equal(line.is_first, joined[0] == '\0');
                    strncat(joined, line.text, line.length + (line.text[line.length] == '\r'));
                    strcat(joined, line.is_cut ? "" : "\n");
                }
                assert_int_equal(spine_lines_left(input), 0);
                spine_lines_close(input);
            }
            assert_string_equal(joined, texts[i]);
        }
        unlink(path);
    }
}

static void test_lines_may_be_long(void **state)
{
    (void)state;
    static const size_t lengths[] = {
        (1 << 18) - 1, 1 << 18, 1,       (1 << 20) - 1,        1 << 20, 3,
        (1 << 20) + 1, 0,       5 << 20, 123456789 % (1 << 22)};
    char path[32];
    struct spine_error err;
    struct spine_lines *input = NULL;
    struct spine_line line;
    strcpy(path, "test_lines_XXXXXX");
    FILE *file = fdopen(mkstemp(path), "wb");
    assert_non_null(file);
    const size_t count = sizeof lengths / sizeof *lengths;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < lengths[i]; k++)
            fputc('a' + (int)((i + k) % 26), file);
        fputc('\n', file);
    }
    assert_int_equal(fclose(file), 0);
    assert_int_equal(spine_lines_open(&input, path, &err), 0);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(spine_lines_next(input, &line, &err), 1);
        assert_int_equal(line.length, lengths[i]);
        for (size_t k = 0; k < lengths[i]; k++)
            if (line.text[k] != 'a' + (char)((i + k) % 26))
                fail_msg("line %zu is wrong at byte %zu", i, k);
    }
    assert_int_equal(spine_lines_next(input, &line, &err), 0);
    spine_lines_close(input);
    unlink(path);
}

static void test_a_line_that_would_fill_the_memory_is_refused(void **state)
{
    (void)state;
    char path[32], text[256];
    struct spine_error err;
    struct spine_lines *input = NULL;
    struct spine_line line;
    write_file(path, "short\n", 6);
    assert_int_equal(truncate(path, INT64_C(1) << 40), 0);
    assert_int_equal(spine_lines_open(&input, path, &err), 0);
    assert_int_equal(spine_lines_next(input, &line, &err), 1);
    assert_int_equal(spine_lines_next(input, &line, &err), -1);
    assert_int_equal(err.status, SPINE_EXIT_REFUSED);
    snprintf(text, sizeof text, "%s: the line that begins at byte 6 is longer than 64 MiB", path);
    assert_string_equal(err.text, text);
    spine_lines_close(input);
    unlink(path);
}

/* A frame that begins like one of 'zstd --long=31', which asks for 2 GiB. */
static void test_a_window_beyond_all_proportion_is_refused(void **state)
{
    (void)state;
    static const unsigned char frame[] = {0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8, 0x29,
                                          0x00, 0x00, 'a',  ' ',  '1',  ' ',  '2'};
    char path[32], text[256];
    struct spine_error err;
    write_file(path, frame, sizeof frame);
    assert_int_equal(describe_file(path, text, sizeof text, &err), -1);
    assert_int_equal(err.status, SPINE_EXIT_REFUSED);
    snprintf(text, sizeof text,
             "%s: zstd data of a larger window than the file's size lets expect; decompress it "
             "first: zstd -d --long=31",
             path);
    assert_string_equal(err.text, text);
    unlink(path);
}

static void test_compressed_members_follow_each_other(void **state)
{
    (void)state;
    char text[256];
    struct spine_error err;
    assert_int_equal(describe_file(members, text, sizeof text, &err), 0);
    assert_string_equal(text, packed_lines);
    assert_int_equal(describe_file(frames, text, sizeof text, &err), 0);
    assert_string_equal(text, packed_lines);
}

/* The first member or frame alone is whole, with the lines up to "fo"; all other beginnings that
 * have the magic bytes are cut off. */
static void check_beginnings(const char *packed, size_t magic)
{
    size_t length;
    int whole = 0;
    char *bytes = read_whole(packed, &length);
    for (size_t cut = magic; cut < length; cut++) {
        char path[32], text[256], expected[256];
        struct spine_error err;
        write_file(path, bytes, cut);
        snprintf(expected, sizeof expected, "%s: the compressed data end too early", path);
        if (describe_file(path, text, sizeof text, &err) == 0) {
            assert_string_equal(text, "1:one|2:two|3:|4:fo!|");
            whole++;
        } else {
            assert_string_equal(err.text, expected);
            assert_int_equal(err.status, SPINE_EXIT_REFUSED);
        }
        unlink(path);
    }
    assert_int_equal(whole, 1);
    free(bytes);
}

static void test_cut_off_compressed_data_are_refused(void **state)
{
    (void)state;
    check_beginnings(members, 2);
    check_beginnings(frames, 4);
}

/* A changed byte is noticed, or, in a header field like the time, changes nothing. */
static void check_changed_bytes(const char *packed, size_t magic)
{
    size_t length;
    size_t noticed = 0;
    char *bytes = read_whole(packed, &length);
    for (size_t i = magic; i < length; i++) {
        char path[32], text[256];
        struct spine_error err;
        bytes[i] ^= 0x55;
        write_file(path, bytes, length);
        if (describe_file(path, text, sizeof text, &err) == 0) {
            assert_string_equal(text, packed_lines);
        } else {
            assert_non_null(strstr(err.text, ": the compressed data "));
            assert_int_equal(err.status, SPINE_EXIT_REFUSED);
            noticed++;
        }
        unlink(path);
        bytes[i] ^= 0x55;
    }
    assert_true(noticed > length / 2);
    free(bytes);
}

static void test_damaged_compressed_data_are_refused(void **state)
{
    (void)state;
    check_changed_bytes(members, 2);
    check_changed_bytes(frames, 4);
}

static void test_what_cannot_be_read_is_refused(void **state)
{
    (void)state;
    struct spine_lines *input = NULL;
    struct spine_error err;
    assert_int_equal(spine_lines_open(&input, "no/such/file", &err), -1);
    assert_string_equal(err.text, "no/such/file: No such file or directory");
    assert_int_equal(err.status, SPINE_EXIT_REFUSED);
    assert_int_equal(spine_lines_open(&input, ".", &err), -1);
    assert_string_equal(err.text, ".: is a directory; give a file in it");
    FILE *file = fopen("codes.h5ad", "w");
    assert_non_null(file);
    fclose(file);
    assert_int_equal(spine_lines_open(&input, ".//", &err), -1);
    assert_string_equal(err.text, ".//: is a directory; give a file in it, such as ./codes.h5ad");
    unlink("codes.h5ad");
    assert_int_equal(spine_lines_open_range(&input, members, 0, 5, &err), -1);
    assert_non_null(strstr(err.text, "compressed data can't be read in parts"));
    assert_null(input);
}

static void test_a_file_that_became_shorter_is_noticed(void **state)
{
    (void)state;
    char path[32], text[256];
    struct spine_lines *input = NULL;
    struct spine_error err;
    write_file(path, "one\ntwo\n", 8);
    assert_int_equal(spine_lines_open_range(&input, path, 2, 100, &err), 0);
    assert_int_equal(spine_lines_left(input), 4);
    struct spine_line line;
    assert_int_equal(spine_lines_next(input, &line, &err), 1);
    assert_int_equal(spine_lines_next(input, &line, &err), -1);
    snprintf(text, sizeof text, "%s: the file became shorter while it was read", path);
    assert_string_equal(err.text, text);
    assert_int_equal(err.status, SPINE_EXIT_FAILED);
    spine_lines_close(input);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_are_told_apart),
        cmocka_unit_test(test_ranges_share_out_the_lines),
        cmocka_unit_test(test_lines_may_be_long),
        cmocka_unit_test(test_a_line_that_would_fill_the_memory_is_refused),
        cmocka_unit_test(test_a_window_beyond_all_proportion_is_refused),
        cmocka_unit_test(test_compressed_members_follow_each_other),
        cmocka_unit_test(test_cut_off_compressed_data_are_refused),
        cmocka_unit_test(test_damaged_compressed_data_are_refused),
        cmocka_unit_test(test_what_cannot_be_read_is_refused),
        cmocka_unit_test(test_a_file_that_became_shorter_is_noticed),
    };
    return cmocka_run_group_tests(tests, enter_directory, leave_directory);
}
