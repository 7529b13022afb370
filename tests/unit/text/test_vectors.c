/* test_vectors.c -- word vectors in text form: rows, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spine/text/vectors.h"
#include "support/directory.h"

/* The name of the file that write_file() made, as expected texts have it. */
#define FILE_NAME "test_vectors.tmp"

static void write_file(const char *text, size_t length)
{
    FILE *file = fopen(FILE_NAME, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

static const struct spine_vectors_rules stopping = {0};
static const struct spine_vectors_rules skipping = {.leave_out = true};

static int read_file(const char *path, enum spine_layout_header header,
                     const struct spine_vectors_rules *rules, struct spine_vectors *vectors,
                     struct spine_layout *layout, struct spine_error *err)
{
    struct spine_lines *input = NULL;
    *vectors = (struct spine_vectors){0};
    if (spine_layout_detect(layout, path, path, header, err) || spine_lines_open(&input, path, err))
        return -1;
    const int rc = spine_vectors_parse(vectors, input, layout, rules, err);
    if (rc != 0 && vectors->bad_line > 0)
        spine_lines_locate(path, vectors->bad_line, err);
    spine_lines_close(input);
    return rc;
}

/* "LINE:WORD=1,2.5|" for each row. */
static void describe(const struct spine_vectors *vectors, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t row = 0; row < vectors->rows; row++) {
        used += (size_t)snprintf(text + used, size - used, "%d:%s=", (int)vectors->lines[row],
                                 spine_words_get(&vectors->words, row));
        for (size_t i = 0; i < vectors->dim; i++)
            used += (size_t)snprintf(text + used, size - used, "%.9g%c",
                                     (double)vectors->values[row * vectors->dim + i],
                                     i + 1 < vectors->dim ? ',' : '|');
        assert_true(used < size);
    }
}

static void check_rows(const char *text, size_t length, const char *expected)
{
    char rows[1024];
    struct spine_vectors vectors;
    struct spine_layout layout;
    struct spine_error err = {.text = ""};
    write_file(text, length);
    const int rc = read_file(FILE_NAME, SPINE_HEADER_AUTO, &stopping, &vectors, &layout, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(rc, 0);
    describe(&vectors, rows, sizeof rows);
    assert_string_equal(rows, expected);
    assert_int_equal(vectors.words.count, vectors.rows);
    spine_vectors_dispose(&vectors);
}

static void test_rows_come_out_as_they_are(void **state)
{
    (void)state;
    static const struct {
        const char *text, *rows;
    } cases[] = {
        {"a 1 2\nb 3 4\n", "1:a=1,2|2:b=3,4|"},
        {"a 1 2\nb 3 4", "1:a=1,2|2:b=3,4|"},
        {"a .5 .5 .5 .5\nor 1 2 3 4 go .5 .5 .5 .5\n",
         "1:a=0.5,0.5,0.5,0.5|2:or 1 2 3 4 go=0.5,0.5,0.5,0.5|"},
        {"a\t1\t2\nb 3\t 4\t\n", "1:a=1,2|2:b=3,4|"},
        {"a 1 2 \r\nb 3 4\t\r\n", "1:a=1,2|2:b=3,4|"},
        {"  a  1   2\n", "1:a=1,2|"},
        {"\n \na 1 2\n\t\n\nb 3 4\n\n", "3:a=1,2|6:b=3,4|"},
        {"a -0.5 +1e1\nb .5 2.\n", "1:a=-0.5,10|2:b=0.5,2|"},
        {"\xEF\xBB\xBFthe 1 2\nb 3 4\n", "1:the=1,2|2:b=3,4|"},
        {"\xEF\xBB\xBF\xEF\xBB\xBFthe 1 2\nb 3 4\n", "1:the=1,2|2:b=3,4|"},
        {"\xEF\xBB\xBF"
         "2 2\nthe 1 2\nb 3 4\n",
         "2:the=1,2|3:b=3,4|"},
        {"2 2\na 1 2\nb 3 4\n", "2:a=1,2|3:b=3,4|"},
        {"2 2 \n\na 1 2 \nb 3 4 \n", "3:a=1,2|4:b=3,4|"},
        /* Words that hold what separates or what looks like a number. */
        {". . . 1 2\na 3 4\n", "1:. . .=1,2|2:a=3,4|"},
        {"a 1 2\nnew  york\tcity 3 4\n", "1:a=1,2|2:new  york\tcity=3,4|"},
        {"1990 1 2\n2 3 4\n", "1:1990=1,2|2:2=3,4|"},
        {"nan 1 2\ninf 3 4\n", "1:nan=1,2|2:inf=3,4|"},
        {"1e5 1 2\n-1 3 4\n", "1:1e5=1,2|2:-1=3,4|"},
        {"a,b 1 2\n, 3 4\n", "1:a,b=1,2|2:,=3,4|"},
        {"\xC2\xA0 1 2\n\xE2\x80\x89king 3 4\n", "1:\xC2\xA0=1,2|2:\xE2\x80\x89king=3,4|"},
        {"caf\xE9 1 2\n\xFE\xFF 3 4\n", "1:caf\xE9=1,2|2:\xFE\xFF=3,4|"},
        {"# 1 2\n\" 3 4\n", "1:#=1,2|2:\"=3,4|"},
        {"<s> 1 2\n</s> 3 4\n", "1:<s>=1,2|2:</s>=3,4|"},
        /* D = 1: here a first row of two integers is a header only if the second is 1. */
        {"a 1\nb 2\n", "1:a=1|2:b=2|"},
        {"2014 5000\nb 2\n", "1:2014=5000|2:b=2|"},
        {"2 1\na 5\nb 6\n", "2:a=5|3:b=6|"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_rows(cases[i].text, strlen(cases[i].text), cases[i].rows);
    unlink(FILE_NAME);
}

static void check_refused(const char *text, size_t length, enum spine_layout_header header,
                          const char *expected)
{
    char whole[1100];
    struct spine_vectors vectors;
    struct spine_layout layout;
    struct spine_error err = {.text = "accepted"};
    write_file(text, length);
    const int rc = read_file(FILE_NAME, header, &stopping, &vectors, &layout, &err);
    snprintf(whole, sizeof whole, FILE_NAME "%s", expected);
    assert_string_equal(err.text, whole);
    assert_int_equal(rc, -1);
    assert_int_equal(err.status, SPINE_EXIT_REFUSED);
    spine_vectors_dispose(&vectors);
}

static void test_faults_are_refused_by_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *error;
    } cases[] = {
        {"a 1 2\nb 3\nc 5 6\n", ":2: expected 2 numbers, got 1"},
        {"a 1 2\n\nb\nc 5 6\n", ":3: expected 2 numbers, got 0"},
        {"a 1 2\nb 3 4 5\nc 5 6\n", ":2: expected 2 numbers, got 3"},
        {"a 1 2\nnew york 3 4 5 6\nc 5 6\n", ":2: expected 2 numbers, got 4"},
        {"a 1 2\nb 3 4\n 3 4\n",
         ":3: no word before the 2 numbers; --on-bad=skip leaves such rows out"},
        {"a 1 2\nb 3 4\n3 4\n", ":3: expected 2 numbers, got 1"},
        {"a 1 2\nb 3 x\n", ":2: number 2 of 2 is not a number: 'x'"},
        {"a 1 2\nb 1 2\nc 0x1p-2 4\n", ":3: number 1 of 2 is not a number: '0x1p-2'"},
        {"a 1 2\nb 1 2\nc 0.5abc 4\n", ":3: number 1 of 2 is not a number: '0.5abc'"},
        {"a 1 2\nb 1 2\nc 1,5 4\n", ":3: number 1 of 2 is not a number: '1,5'"},
        {"a 1 2\nb 1 2\nc \x1b[31m\x7f 4\n", ":3: number 1 of 2 is not a number: '\\x1B[31m\\x7F'"},
        {"a 1 2\nb 1 2\nc 0123456789012345678901234567890123456789x 4\n",
         ":3: number 1 of 2 is not a number: '0123456789012345678901234567890123456789'..."},
        {"a 1 2\nb 1 2\nc 012345678901234567890123456789012345678\xC3\xA9 4\n",
         ":3: number 1 of 2 is not a number: '012345678901234567890123456789012345678'..."},
        {"a .1 .2 .3 .4\nb .1 .2 .3 .4c .1 .2 .3 .4\nd .1 .2 .3 .4\n",
         ":2: two rows in one line: 4 numbers, then a word and 4 more; is a line break lost?"},
        {"a .1 .2 .3 .4New York .1 .2 .3 .4\nd .1 .2 .3 .4\n",
         ":1: two rows in one line: 4 numbers, then a word and 4 more; is a line break lost?"},
        {"a 1 2\nb 3 nan\n", ":2: number 2 of 2 is not finite: 'nan'"},
        {"a 1 2\nb -inf 4\n", ":2: number 1 of 2 is not finite: '-inf'"},
        {"a 1 2\nb -nan(ind) 4\n", ":2: number 1 of 2 is not finite: '-nan(ind)'"},
        {"a 1 2\nb 3 -1.#IND00\n", ":2: number 2 of 2 is not finite: '-1.#IND00'"},
        {"a 1 2\nnew york 1e39 4\n", ":2: number 1 of 2 is not finite: '1e39'"},
        {"2 3\na 1 2\nb 3 4\n", ":2: expected 3 numbers as the header says, got 2; spine-convert "
                                "--header=skip ignores the header"},
        {"2 2\na 1 2\nb 3 4 5\nc 5 6\n", ":3: expected 2 numbers as the header says, got 3"},
        {"2 2\n\na 1 2 3\nb 3 4 5\n", ":3: expected 2 numbers as the header says, got 3; "
                                      "spine-convert --header=skip ignores the header"},
        {"9 99999999999999999\na 1 2\n",
         ":2: expected 99999999999999999 numbers as the header says, got 2; spine-convert "
         "--header=skip ignores the header"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_refused(cases[i].text, strlen(cases[i].text), SPINE_HEADER_AUTO, cases[i].error);
    unlink(FILE_NAME);
}

static void test_nul_bytes_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"a 1 2\nb\0c 3 4\n", "a 1 2\nb 3 4\0\n",
                                        "a 1 2\nnew\0 york 3 4\n"};
    static const size_t lengths[] = {14, 13, 20};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
        check_refused(texts[i], lengths[i], SPINE_HEADER_AUTO, ":2: a NUL byte in the line");
    unlink(FILE_NAME);
}

static void test_the_header_can_be_dictated(void **state)
{
    (void)state;
    char rows[256];
    struct spine_vectors vectors;
    struct spine_layout layout;
    struct spine_error err;
    write_file("5 1\n6 2\n", 8);
    assert_int_equal(read_file(FILE_NAME, SPINE_HEADER_AUTO, &stopping, &vectors, &layout, &err),
                     0);
    assert_true(layout.has_header && layout.announced == 5);
    spine_vectors_dispose(&vectors);

    assert_int_equal(read_file(FILE_NAME, SPINE_HEADER_NO, &stopping, &vectors, &layout, &err), 0);
    describe(&vectors, rows, sizeof rows);
    assert_string_equal(rows, "1:5=1|2:6=2|");
    spine_vectors_dispose(&vectors);

    assert_int_equal(read_file(FILE_NAME, SPINE_HEADER_YES, &stopping, &vectors, &layout, &err), 0);
    assert_true(layout.has_header);
    spine_vectors_dispose(&vectors);

    check_refused("2 2\na 1 2\nb 3 4\n", 16, SPINE_HEADER_NO,
                  ":1: expected 2 numbers, got 1; if this is a header, remove it (tail -n +2)");
    unlink(FILE_NAME);
}

static void test_rows_that_are_not_finite_can_be_left_out(void **state)
{
    (void)state;
    static const char text[] = "a 1 2\nb nan 1\n\nc 1 inf\nd 3 4\ne 1e99 1\n";
    char rows[256];
    struct spine_vectors vectors;
    struct spine_layout layout;
    struct spine_error err;
    write_file(text, sizeof text - 1);
    assert_int_equal(read_file(FILE_NAME, SPINE_HEADER_AUTO, &skipping, &vectors, &layout, &err),
                     0);
    describe(&vectors, rows, sizeof rows);
    assert_string_equal(rows, "1:a=1,2|5:d=3,4|");
    assert_int_equal(vectors.num_left_out, 3);
    assert_int_equal(vectors.left_out[0].line, 2);
    assert_int_equal(vectors.left_out[1].line, 4);
    assert_int_equal(vectors.left_out[2].line, 6);
    assert_int_equal(vectors.num_blank, 1);
    assert_int_equal(vectors.num_lines, 6);
    spine_vectors_dispose(&vectors);
    unlink(FILE_NAME);
}

static void test_the_limit_counts_rows_of_the_file(void **state)
{
    (void)state;
    static const struct {
        uint64_t limit;
        const char *rows;
    } cases[] = {
        {1, "2:a=1,2|"},
        {2, "2:a=1,2|"}, /* the second is left out */
        {3, "2:a=1,2|5:c=3,4|"},
        {9, "2:a=1,2|5:c=3,4|"},
    };
    static const char text[] = "3 2\na 1 2\nb nan 1\n\nc 3 4\n";
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char rows[256];
        struct spine_vectors vectors;
        struct spine_layout layout;
        struct spine_error err;
        const struct spine_vectors_rules rules = {true, cases[i].limit};
        write_file(text, sizeof text - 1);
        assert_int_equal(read_file(FILE_NAME, SPINE_HEADER_AUTO, &rules, &vectors, &layout, &err),
                         0);
        describe(&vectors, rows, sizeof rows);
        assert_string_equal(rows, cases[i].rows);
        spine_vectors_dispose(&vectors);
    }
    unlink(FILE_NAME);
}

/* The rows of all ranges together; lines are counted on from range to range. */
static void describe_ranges(const char *path, uint64_t ranges, char *text, size_t size)
{
    struct spine_layout layout;
    struct spine_error err;
    uint64_t lines = 0;
    size_t used = 0;
    text[0] = '\0';
    assert_int_equal(spine_layout_detect(&layout, path, path, SPINE_HEADER_AUTO, &err), 0);
    for (uint64_t i = 0; i < ranges; i++) {
        struct spine_lines *input = NULL;
        struct spine_vectors vectors;
        assert_int_equal(spine_lines_open_range(&input, path, i * layout.bytes / ranges,
                                                (i + 1) * layout.bytes / ranges, &err),
                         0);
        assert_int_equal(spine_vectors_parse(&vectors, input, &layout, &stopping, &err), 0);
        for (size_t row = 0; row < vectors.rows; row++)
            vectors.lines[row] += lines;
        lines += vectors.num_lines;
        describe(&vectors, text + used, size - used);
        used += strlen(text + used);
        spine_vectors_dispose(&vectors);
        spine_lines_close(input);
    }
}

static void test_ranges_give_the_rows_of_the_whole(void **state)
{
    (void)state;
    enum { SIZE = 1 << 18 };
    static const char *const names[] = {
        "00_plain.txt",           "02_token_spaces_first_line.txt",
        "04_header_fasttext.vec", "16_blank_lines.txt",
        "20_invalid_utf8.txt",    "22_bom.txt",
        "10_cr_only_at_eof.txt",  "42_long_token.txt",
        "18_nbsp_token.vec",
    };
    char *whole = malloc(SIZE), *joined = malloc(SIZE);
    assert_true(whole != NULL && joined != NULL);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[512];
        snprintf(path, sizeof path, SPINE_TEST_DATA "/nasty/%s", names[i]);
        describe_ranges(path, 1, whole, SIZE);
        for (uint64_t ranges = 2; ranges < 50; ranges++) {
            describe_ranges(path, ranges, joined, SIZE);
            assert_string_equal(joined, whole);
        }
    }
    free(whole);
    free(joined);
}

/* The length of the first rows decides how much memory is reserved: too little or too much here. */
static void test_later_rows_may_be_shorter_or_longer(void **state)
{
    (void)state;
    enum { ROWS = 5000, TURN = 400 };
    for (int shorter = 0; shorter < 2; shorter++) {
        char text[ROWS * 32];
        size_t used = 0;
        for (int i = 0; i < ROWS; i++)
            used += (size_t)snprintf(
                text + used, sizeof text - used,
                (i < TURN) == shorter ? "w%d -0.125000000 %d.0000000\n" : "w%d -.125 %d\n", i, i);
        write_file(text, used);
        struct spine_vectors vectors;
        struct spine_layout layout;
        struct spine_error err;
        assert_int_equal(
            read_file(FILE_NAME, SPINE_HEADER_AUTO, &stopping, &vectors, &layout, &err), 0);
        assert_int_equal(vectors.rows, ROWS);
        for (int i = 0; i < ROWS; i++) {
            assert_true(vectors.values[2 * i] == -0.125F && vectors.values[2 * i + 1] == (float)i);
            assert_int_equal(vectors.lines[i], i + 1);
        }
        spine_vectors_dispose(&vectors);
    }
    unlink(FILE_NAME);
}

static void test_rows_are_dropped_in_place(void **state)
{
    (void)state;
    static const struct {
        uint64_t rows[4];
        size_t count;
        const char *left;
    } cases[] = {
        {{0}, 0, "1:a=1,2|2:b=3,4|3:c=5,6|4:d=7,8|"},
        {{0}, 1, "2:b=3,4|3:c=5,6|4:d=7,8|"},
        {{3}, 1, "1:a=1,2|2:b=3,4|3:c=5,6|"},
        {{1, 2}, 2, "1:a=1,2|4:d=7,8|"},
        {{0, 2}, 2, "2:b=3,4|4:d=7,8|"},
        {{0, 1, 2, 3}, 4, ""},
    };
    static const char text[] = "a 1 2\nb 3 4\nc 5 6\nd 7 8\n";
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char rows[256];
        struct spine_vectors vectors;
        struct spine_layout layout;
        struct spine_error err;
        write_file(text, sizeof text - 1);
        assert_int_equal(
            read_file(FILE_NAME, SPINE_HEADER_AUTO, &stopping, &vectors, &layout, &err), 0);
        spine_vectors_drop(&vectors, cases[i].rows, cases[i].count);
        describe(&vectors, rows, sizeof rows);
        assert_string_equal(rows, cases[i].left);
        assert_int_equal(vectors.words.count, vectors.rows);
        spine_vectors_dispose(&vectors);
    }
    unlink(FILE_NAME);
}

static void test_a_missing_last_newline_is_noticed(void **state)
{
    (void)state;
    struct spine_vectors vectors;
    struct spine_layout layout;
    struct spine_error err;
    for (size_t length = 5; length <= 6; length++) {
        write_file("a 1 2\n", length);
        assert_int_equal(
            read_file(FILE_NAME, SPINE_HEADER_AUTO, &stopping, &vectors, &layout, &err), 0);
        assert_int_equal(vectors.is_cut, length == 5);
        spine_vectors_dispose(&vectors);
    }
    unlink(FILE_NAME);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_come_out_as_they_are),
        cmocka_unit_test(test_faults_are_refused_by_line),
        cmocka_unit_test(test_nul_bytes_are_refused),
        cmocka_unit_test(test_the_header_can_be_dictated),
        cmocka_unit_test(test_rows_that_are_not_finite_can_be_left_out),
        cmocka_unit_test(test_the_limit_counts_rows_of_the_file),
        cmocka_unit_test(test_ranges_give_the_rows_of_the_whole),
        cmocka_unit_test(test_later_rows_may_be_shorter_or_longer),
        cmocka_unit_test(test_rows_are_dropped_in_place),
        cmocka_unit_test(test_a_missing_last_newline_is_noticed),
    };
    return cmocka_run_group_tests(tests, enter_directory, leave_directory);
}
