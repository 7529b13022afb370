/* test_layout.c -- what a look at the start of a file makes of it, and what isn't rows of vectors.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "spine/text/layout.h"
#include "support/directory.h"
#include "support/expect.h"

/* The name of the file that write_file() made, as expected texts have it. */
#define FILE_NAME "test_layout.tmp"

static void write_file(const char *text, size_t length)
{
    FILE *file = fopen(FILE_NAME, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

static void check_refused(const char *text, size_t length, enum spine_layout_header header,
                          const char *expected)
{
    struct spine_layout layout;
    write_file(text, length);
    EXPECT_REFUSED(spine_layout_detect(&layout, FILE_NAME, FILE_NAME, header, &err), FILE_NAME "%s",
                   expected);
}

static void test_the_start_says_how_a_file_is_laid_out(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum spine_layout_header header;
        struct spine_layout layout; /* but for its kind and bytes */
    } cases[] = {
        {"a 1 2\nb 3 4\n", SPINE_HEADER_AUTO, {.dim = 2}},
        {"2 2\na 1 2\nb 3 4\n", SPINE_HEADER_AUTO, {.dim = 2, .has_header = true, .announced = 2}},
        {"\xEF\xBB\xBF\x61 1\nb 3\n", SPINE_HEADER_AUTO, {.dim = 1, .has_mark = true}},
        {"\xEF\xBB\xBF\x37 2\na 1 2\n",
         SPINE_HEADER_AUTO,
         {.dim = 2, .has_mark = true, .has_header = true, .announced = 7}},
        {"5 1\n6 2\n", SPINE_HEADER_AUTO, {.dim = 1, .has_header = true, .announced = 5}},
        {"5 1\n6 2\n", SPINE_HEADER_NO, {.dim = 1}},
        {"5 1\n6 2\n", SPINE_HEADER_YES, {.dim = 1, .has_header = true, .announced = 5}},
        {"1 .5 2\n2 .5 3\n3.5 1 2\n4 2 1\n5 3 1\n", SPINE_HEADER_AUTO, {.dim = 2}}, /* words */
        {"[ 1 2\nb 3 4\nc 5 6\nstray ]\n", SPINE_HEADER_AUTO, {.dim = 2}},
        {"2014 5000\nb 2\n", SPINE_HEADER_AUTO, {.dim = 1}},
        {"2 \t 2 \n\na 1 2\n", /* separators are as in rows */
         SPINE_HEADER_AUTO,
         {.dim = 2, .has_header = true, .announced = 2}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct spine_layout *expected = &cases[i].layout;
        struct spine_layout layout;
        write_file(cases[i].text, strlen(cases[i].text));
        TRY(spine_layout_detect(&layout, FILE_NAME, FILE_NAME, cases[i].header, &err));
        assert_int_equal(layout.packing, SPINE_PACKING_NONE);
        assert_int_equal(layout.bytes, strlen(cases[i].text));
        assert_int_equal(layout.dim, expected->dim);
        assert_int_equal(layout.has_mark, expected->has_mark);
        assert_int_equal(layout.has_header, expected->has_header);
        assert_int_equal(layout.announced, expected->announced);
    }
    unlink(FILE_NAME);
}

static void test_the_mark_is_passed_over_on_the_first_line_only(void **state)
{
    (void)state;
    static const char text[] = "\xEF\xBB\xBFthe 1";
    for (int i = 0; i < 4; i++) {
        const struct spine_layout layout = {.has_mark = i & 1};
        struct spine_line line = {.text = text, .length = sizeof text - 1, .is_first = i >> 1};
        spine_layout_pass_mark(&layout, &line);
        assert_int_equal(line.text - text, i == 3 ? 3 : 0);
        assert_int_equal(line.length, sizeof text - 1 - (i == 3 ? 3 : 0));
    }
}

static void test_a_mark_that_has_gone_since_the_look_is_not_passed_over(void **state)
{
    (void)state;
    const struct spine_layout layout = {.has_mark = true};
    struct spine_line line = {.text = "a", .length = 1, .is_first = true};
    spine_layout_pass_mark(&layout, &line);
    assert_int_equal(line.length, 1);
}

static void test_what_is_no_rows_of_vectors_is_refused(void **state)
{
    (void)state;
#define CSV(how)                                                                                   \
    ": this is CSV; write it with spaces: python3 -c 'import csv; [print(*row) for row in "        \
    "csv.reader(open(\"FILE\"), " how "skipinitialspace=True)]' > vectors.txt"
#define PAGE                                                                                       \
    ": this is a web page (HTML or XML), not vectors; download the file itself, not the page "     \
    "with its link"
    static const struct {
        const char *text, *error;
    } cases[] = {
        {"", ": the file is empty"},
        {"\n \n\t\n", ": no vectors, only blank lines"},
        {"\xEF\xBB\xBF", ": no vectors, only blank lines"},
        {"30 8\n", ": no vectors, only a header"},
        {"word,d0,d1\nthe,0.1,0.2\nof,0.3,0.4\n", CSV("")},
        {"the, 0.1, 0.2\nof, 0.3, 0.4\n", CSV("")},
        {"the;0.1;0.2\nof;0.3;0.4\n", CSV("delimiter=\";\", ")},
        {"<!DOCTYPE html>\n<html>\n", PAGE},
        {"<HTML><body>see 1 2\n", PAGE},
        {"<!-- saved from -->\n<html>\n", PAGE},
        {"#!/bin/sh\necho 1 2\n", ": this is a script, not vectors"},
        {"the; 0.1; 0.2\nof; 0.3; 0.4\n", CSV("delimiter=\";\", ")},
        {"a 1 2\rb 3 4\rc 5 6\r",
         ": a carriage return inside line 1; lines end in newlines: tr '\\r' '\\n'"},
        {"a 1.0D0 2.0D-1\nb 1.0D0 2.0D0\nc 1 2\n",
         ":1: expected a word and numbers, the line ends in '2.0D-1'"},
        {"\nthe quick brown fox\n", ":2: expected a word and numbers, the line ends in 'fox'"},
        {"word\n", ":1: expected a word and numbers, the line ends in 'word'"},
        {"plum|0.5|1\n", CSV("delimiter=\"|\", quoting=3, ")},
        {"\"word\",\"d0\",\"d1\"\n\"the\",\"0.1\",\"0.2\"\n\"of\",\"0.3\",\"0.4\"\n", CSV("")},
        {"the\t0.1,0.2,0.3\nof\t0.4,0.5,0.6\n",
         ": the numbers are separated by commas; write them with spaces: python3 -c 'for l in "
         "open(\"FILE\"): *w, v = l.split(); print(*w, *v.split(\",\"))' > vectors.txt"},
        {"the 0:0.5 17:-1\nof 3:0.25 5:1\n", ": the rows are sparse, DIMENSION:VALUE; from a file "
                                             "NAME.sparse, spine-eval, spine-top and "
                                             "spine-report read them; else write all values of a "
                                             "row (for codes of a run: spine-merge RUN "
                                             "-o FILE.h5ad)"},
        {"0\t0.5\t1\n0.25\t0\t2\n0\t0\t1\n",
         ":1: rows without words: all 3 fields are numbers; "
         "put the words before them: paste WORDS " FILE_NAME " > FILE"},
        {"0\t0.5\t1\n0\t0\t2\n0\t0\t1\n",
         ":1: rows without words: all 3 fields are numbers; put "
         "the words before them: paste WORDS " FILE_NAME " > FILE"},
        {"noon 12:30\nfive 17:00\n", ":1: expected a word and numbers, the line ends in '12:30'"},
        {"0.1 0.2 New York\n0.5 1 Rio\n",
         ":1: expected a word and numbers, the line ends in 'York'"},
        {"0.5\t1\tthe\n0.25\t2\tof\n",
         ": the words are last; put them first: awk '{ w = $NF; $NF = \"\"; print w, $0 }'"},
        {"the [ 0.5 1.25\n -2 3]\nof [0.25 2\n 1 0]\n",
         ": the numbers are in brackets, over several lines, as NumPy prints arrays; write each in "
         "one line in Python: print(word, *vector)"},
        {"plum 50% 10%\n", ":1: expected a word and numbers, the line ends in '10%'"},
        {"plum 0,5 1,25\npear 0,25 2\n",
         ": the numbers have a decimal comma; write a point: tr , ."},
        {"word;V1;V2\nplum;0,5;1,25\npear;-0,25;2,5\n",
         ": the numbers have a decimal comma; write a point: tr ',;' '. '"},
        {"plum [0.5, 1.25]\npear [0.25, 2]\n",
         ": the numbers are in brackets; remove them: tr -d '[],'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_refused(cases[i].text, strlen(cases[i].text), SPINE_HEADER_AUTO, cases[i].error);
    static const char binary[] = "2 4\nthe \0\0\x80?\0\0\0@\nof \0\0\0\0\0\0\0\0\n";
    check_refused(binary, sizeof binary - 1, SPINE_HEADER_AUTO,
                  ": is neither text nor a known binary format");
    static const char returns[] = "a\r\0 1\n";
    check_refused(returns, sizeof returns - 1, SPINE_HEADER_AUTO,
                  ": is neither text nor a known binary format");
    unlink(FILE_NAME);
}

static void test_a_dictated_header_must_be_there_and_right(void **state)
{
    (void)state;
    check_refused("a 1\nb 2\n", 8, SPINE_HEADER_YES,
                  ":1: expected a header of two whole numbers, rows and dimension");
    check_refused(
        "2014 5000\nb 2\n", 14, SPINE_HEADER_YES,
        ":2: expected 5000 numbers as the header says, got 1; spine-convert --header=skip "
        "ignores the header");
    unlink(FILE_NAME);
}

static void test_the_dimension_is_what_most_rows_have(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t dim;
    } cases[] = {
        {"a b 1 2\nc 3 4\n", 2},
        {"a 7 1 2\nc 3 4\nd 5 6\n", 2},
        {"a 1 2\nb 1 2 3\n", 2},            /* as many of both: the smaller */
        {"a 1 2 3\nb x 2 3\n", 3},          /* but rather what is a word and numbers only */
        {"a 1 2 3\nb x 2 3\nc y 2 3\n", 2}, /* most are words with a space, perhaps */
        {"<html> 1 2\n<b> 3 4\n", 2},
        {"<head of state> 1 2\n<b> 3 4\n", 2},
        {"1 2 3\n4 5 6\n", 2}, /* the first field is always the word */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spine_layout layout;
        write_file(cases[i].text, strlen(cases[i].text));
        TRY(spine_layout_detect(&layout, FILE_NAME, FILE_NAME, SPINE_HEADER_AUTO, &err));
        assert_int_equal(layout.dim, cases[i].dim);
    }
    unlink(FILE_NAME);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_start_says_how_a_file_is_laid_out),
        cmocka_unit_test(test_the_mark_is_passed_over_on_the_first_line_only),
        cmocka_unit_test(test_a_mark_that_has_gone_since_the_look_is_not_passed_over),
        cmocka_unit_test(test_what_is_no_rows_of_vectors_is_refused),
        cmocka_unit_test(test_a_dictated_header_must_be_there_and_right),
        cmocka_unit_test(test_the_dimension_is_what_most_rows_have),
    };
    return cmocka_run_group_tests(tests, enter_directory, leave_directory);
}
