/* test_word2vec.c -- word2vec's binary format: words of all kinds, parts, damage. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "spine/text/word2vec.h"
#include "spine/text/word2vecpart.h"
#include "support/bytes.h"
#include "support/directory.h"
#include "support/expect.h"

enum { DIM = 8 };

static struct spine_binary binary;
static struct spine_word2vec format;

/* A number that is another one for each row and place. */
static float number(size_t row, size_t place)
{
    return (float)((row * 37 + place * 11) % 101) / 50 - 1.01F;
}

static void begin_file(struct bytes *bytes, size_t rows)
{
    char header[40];
    *bytes = (struct bytes){0};
    snprintf(header, sizeof header, "%zu %d\n", rows, DIM);
    add_text(bytes, header);
}

static void add_row(struct bytes *bytes, const char *word, size_t row, bool newline)
{
    add_text(bytes, word);
    add_text(bytes, " ");
    for (size_t k = 0; k < DIM; k++)
        add_float(bytes, number(row, k));
    if (newline)
        add_text(bytes, "\n");
}

static void open_bytes(const struct bytes *bytes)
{
    const struct path path = join_path(&directory, "f");
    put_bytes(&path, bytes);
    TRY(spine_binary_open(&binary, path.text, "f", &err));
    TRY(spine_word2vec_open(&format, &binary, &err));
}

static const char *const words[] = {
    "</s>",
    "plum",
    "new york",
    "new yor",
    "new yo",
    "in the long run",
    "\xE9t\xE9",
    "a",
    "ab",
    "San Jose 1",
    "\xE4\xB8\xAD",
    "Los Angeles",
    "1234",
    "of",
    "x y",
    "",
    " ",
    "abcdefgh",
    "the end",
};
enum { WORDS = sizeof words / sizeof *words };

static void walk_through(uint64_t begin, size_t first, size_t end)
{
    struct spine_word2vec_walk *walk = NULL;
    struct spine_word2vec_row row;
    TRY(spine_word2vec_begin(&walk, &format, begin, &err));
    for (size_t i = first; i < end; i++) {
        assert_int_equal(spine_word2vec_next(walk, &row, &err), 1);
        assert_int_equal(row.length, strlen(words[i]));
        assert_memory_equal(row.word, words[i], row.length);
        for (size_t k = 0; k < DIM; k++) {
            float value;
            memcpy(&value, row.values + 4 * k, sizeof value);
            assert_true(value == number(i, k));
        }
    }
    if (end == WORDS)
        assert_int_equal(spine_word2vec_next(walk, &row, &err), 0);
    spine_word2vec_end(walk);
}

/* All words, with blanks and bytes that aren't UTF-8, are read as they were written. */
static void words_are_never_cut(void **state)
{
    (void)state;
    for (int newline = 0; newline < 2; newline++) {
        struct bytes bytes;
        begin_file(&bytes, WORDS);
        for (size_t i = 0; i < WORDS; i++)
            add_row(&bytes, words[i], i, newline);
        open_bytes(&bytes);
        assert_true(spine_word2vec_is(bytes.at, bytes.count));
        assert_int_equal(format.rows, WORDS);
        assert_int_equal(format.dim, DIM);
        assert_int_equal(format.has_newlines, newline);
        walk_through(format.begin, 0, WORDS);
        spine_binary_close(&binary);
    }
}

/* From wherever one looks, the row that is found is the next that begins. */
static void rows_are_found_from_any_byte(void **state)
{
    (void)state;
    for (int newline = 0; newline < 2; newline++) {
        struct bytes bytes;
        uint64_t begins[WORDS + 1];
        begin_file(&bytes, WORDS);
        for (size_t i = 0; i < WORDS; i++) {
            begins[i] = bytes.count;
            add_row(&bytes, words[i], i, newline);
        }
        begins[WORDS] = bytes.count;
        open_bytes(&bytes);
        size_t next = 0;
        for (uint64_t from = 0; from <= bytes.count; from++) {
            uint64_t row;
            while (begins[next] < from)
                next++;
            TRY(spine_word2vec_find_row(&format, from, &row, &err));
            assert_int_equal(row, begins[next]);
        }
        spine_binary_close(&binary);
    }
}

static void the_last_newline_may_be_missing(void **state)
{
    struct bytes bytes;
    (void)state;
    begin_file(&bytes, 2);
    add_row(&bytes, words[WORDS - 2], WORDS - 2, true);
    add_row(&bytes, words[WORDS - 1], WORDS - 1, false);
    open_bytes(&bytes);
    assert_true(format.has_newlines);
    walk_through(format.begin, WORDS - 2, WORDS);
    spine_binary_close(&binary);
}

static void a_row_that_is_cut_off_is_refused(void **state)
{
    struct spine_word2vec_walk *walk = NULL;
    struct spine_word2vec_row row;
    struct bytes bytes;
    (void)state;
    begin_file(&bytes, 2);
    add_row(&bytes, "plum", 0, false);
    const size_t second = bytes.count;
    add_row(&bytes, "fig", 1, false);
    bytes.count -= 2;
    open_bytes(&bytes);
    TRY(spine_word2vec_begin(&walk, &format, format.begin, &err));
    assert_int_equal(spine_word2vec_next(walk, &row, &err), 1);
    EXPECT_REFUSED(spine_word2vec_next(walk, &row, &err),
                   "f: the row at byte %zu is cut off: expected a word, a blank and %d numbers of "
                   "4 bytes",
                   second, DIM);
    spine_word2vec_end(walk);
    spine_binary_close(&binary);
}

static void rows_with_nan_do_not_hide_where_words_end(void **state)
{
    struct spine_word2vec_walk *walk = NULL;
    struct spine_word2vec_row row;
    struct bytes bytes;
    (void)state;
    begin_file(&bytes, 2);
    add_text(&bytes, "new york ");
    for (int i = 0; i < DIM; i++)
        add_whole(&bytes, i == 3 ? 0x7FC00000 : 0x3F800000, 4);
    add_row(&bytes, "fig", 1, false);
    open_bytes(&bytes);
    TRY(spine_word2vec_begin(&walk, &format, format.begin, &err));
    assert_int_equal(spine_word2vec_next(walk, &row, &err), 1);
    assert_int_equal(row.length, 8);
    assert_int_equal(spine_word2vec_next(walk, &row, &err), 1);
    assert_int_equal(row.length, 3);
    assert_int_equal(spine_word2vec_next(walk, &row, &err), 0);
    spine_word2vec_end(walk);
    spine_binary_close(&binary);
}

/* A row that was left out isn't the one to which a later refusal belongs. */
static void a_row_left_out_is_not_the_one_refused(void **state)
{
    const struct spine_vectors_rules rules = {.leave_out = true};
    struct spine_word2vecpart part = {.offsets = NULL};
    struct spine_vectors vectors = {.dim = DIM};
    struct bytes bytes;
    (void)state;
    begin_file(&bytes, 3);
    add_row(&bytes, "plum", 0, false);
    add_text(&bytes, "fig ");
    for (int i = 0; i < DIM; i++)
        add_whole(&bytes, i == 3 ? 0x7FC00000 : 0x3F800000, 4);
    const size_t third = bytes.count;
    add_row(&bytes, "pear", 2, false);
    bytes.count -= 2;
    open_bytes(&bytes);

    const uint64_t all[2] = {0, bytes.count - format.begin};
    EXPECT_REFUSED(spine_word2vecpart_scan(&part, &format, all, &rules, &vectors, &err),
                   "f: the row at byte %zu is cut off: expected a word, a blank and %d numbers of "
                   "4 bytes",
                   third, DIM);
    assert_int_equal(vectors.num_left_out, 1);
    assert_int_equal(vectors.bad_line, 0);

    spine_vectors_dispose(&vectors);
    spine_word2vecpart_dispose(&part);
    spine_binary_close(&binary);
}

static void text_is_not_taken_for_binary(void **state)
{
    static const char *const texts[] = {
        "2 3\nplum 0.1 0.2 0.3\nfig 0.1 0.2 0.3\n",
        "2 1\nplum 0.1\nfig 0.2\n",
        "2 3\n\xE9t\xE9 0.1 0.2 0.3\nfig 0.1 0.2 0.3\n",
        "plum 0.1 0.2\n",
        "",
        "5",
        "2 3\n",
        "3 3\nplum 0.1 0.2 0.3\nf\x0cig 0.1 0.2 0.3\n\x1b 0.1 0.2 0.3\n",
        "3 8\nf\x01g 0.1 0.2 0.3 0.1 0.2 0.3 0.1 0.2\r\nfig 0.1 0.2 0.3 0.1 0.2 0.3 0.1 0.2\r\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_false(spine_word2vec_is(texts[i], strlen(texts[i])));
}

/* --on-bad=skip is for such files: they must be recognised. */
static void a_first_row_of_nan_is_no_other_format(void **state)
{
    struct bytes bytes;

    (void)state;
    begin_file(&bytes, 4);
    add_text(&bytes, "the ");
    for (int k = 0; k < DIM; k++)
        add_float(&bytes, k % 2 == 0 ? NAN : -INFINITY);
    for (size_t i = 1; i < 4; i++)
        add_row(&bytes, words[i], i, false);
    assert_true(spine_word2vec_is(bytes.at, bytes.count));
}

/* Open a file of 20 rows of DIM numbers of 'width' bytes, whose header says 'announced'. */
static int open_announcing(int announced, int width, bool newline)
{
    const struct path path = join_path(&directory, "f");
    struct bytes bytes = {0};
    char text[40];

    snprintf(text, sizeof text, "20 %d\n", announced);
    add_text(&bytes, text);
    for (size_t i = 0; i < 20; i++) {
        snprintf(text, sizeof text, "word%zu ", i);
        add_text(&bytes, text);
        for (size_t k = 0; k < DIM; k++) {
            const float value = number(i, k);
            const double wide = (double)value / 3;
            add_bytes(&bytes, width == 4 ? (const void *)&value : &wide, (size_t)width);
        }
        add_text(&bytes, newline ? "\n" : "");
    }
    put_bytes(&path, &bytes);
    TRY(spine_binary_open(&binary, path.text, "f", &err));
    const int rc = spine_word2vec_open(&format, &binary, &err);
    spine_binary_close(&binary);
    return rc;
}

static void a_header_that_does_not_fit_the_rows_is_refused(void **state)
{
    (void)state;
    for (int newline = 0; newline < 2; newline++) {
        TRY(open_announcing(DIM, 4, newline));
        EXPECT_REFUSED(open_announcing(DIM - 1, 4, newline),
                       "f:1: the header says that rows have 7 numbers, but they have %d; correct "
                       "the header",
                       DIM);
        EXPECT_REFUSED(open_announcing(DIM + 1, 4, newline),
                       "f:1: the header says that rows have 9 numbers, but they have %d; correct "
                       "the header",
                       DIM);
        EXPECT_REFUSED(open_announcing(DIM, 8, newline),
                       "f: word2vec's binary format, but its numbers have %d bytes instead of 4; "
                       "write them as float32",
                       8);
    }
}

static void impossible_headers_are_refused(void **state)
{
    static const char *const headers[] = {"0 8\n", "8 0\n", "8 99999999999\n", "8 200\n"};
    static const char *const said[] = {"0 vectors of 8", "8 vectors of 0",
                                       "8 vectors of 99999999999", "8 vectors of 200"};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        const struct path path = join_path(&directory, "f");
        struct bytes bytes = {0};
        add_text(&bytes, headers[i]);
        for (int k = 0; k < 10; k++)
            add_float(&bytes, 1);
        put_bytes(&path, &bytes);
        TRY(spine_binary_open(&binary, path.text, "f", &err));
        EXPECT_REFUSED(spine_word2vec_open(&format, &binary, &err),
                       "f:1: the header announces %s numbers, the file has 40 bytes after it",
                       said[i]);
        spine_binary_close(&binary);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(words_are_never_cut),
        TEST(rows_are_found_from_any_byte),
        TEST(the_last_newline_may_be_missing),
        TEST(a_row_that_is_cut_off_is_refused),
        TEST(rows_with_nan_do_not_hide_where_words_end),
        TEST(a_row_left_out_is_not_the_one_refused),
        TEST(text_is_not_taken_for_binary),
        TEST(a_first_row_of_nan_is_no_other_format),
        TEST(a_header_that_does_not_fit_the_rows_is_refused),
        TEST(impossible_headers_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
