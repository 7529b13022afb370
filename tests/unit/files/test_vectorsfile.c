/* test_vectorsfile.c -- what is put into a vectors.h5 is read back; other files are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "spine/base/outfile.h"
#include "spine/files/array.h"
#include "spine/files/attribute.h"
#include "spine/files/strings.h"
#include "spine/files/vectorsfile.h"
#include "support/directory.h"
#include "support/expect.h"

enum { ROWS = 4, DIM = 3 };

static const char *const words[ROWS] = {"a", "b c", "caf\xE9", "d"}; /* the third isn't UTF-8 */

static void add_words(struct spine_words *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        TRY(spine_words_add(list, words[i], strlen(words[i]), &err));
}

static float number(size_t row, size_t k)
{
    return (float)row + (float)k / 8;
}

static struct spine_comm alone;

/* As two ranks write it: the second one's rows first. */
static void write_file(const char *path)
{
    const struct spine_vectorsfile_origin origin = {
        .source = "some/where/glove.txt", .rows_left_out = 2, .rows_repeated = 1};
    struct spine_words list = {0};
    struct spine_stringheap heap;
    struct spine_vectorsfile_places places;
    struct spine_store *store = NULL;
    float values[ROWS][DIM];

    for (size_t i = 0; i < ROWS; i++)
        for (size_t k = 0; k < DIM; k++)
            values[i][k] = number(i, k);
    add_words(&list, ROWS);
    TRY(spine_vectorsfile_create(&store, path, &err));
    TRY(spine_stringheap_plan(&heap, &alone, &list, &err));
    TRY(spine_vectorsfile_begin(store, ROWS, DIM, &heap, &origin, &places, &err));
    TRY(spine_store_close(store, &err));
    TRY(spine_vectorsfile_put_words(path, &places, &heap, &list, &err));
    TRY(spine_vectorsfile_put(path, &places, 3, 1, DIM, values[3], &err));
    TRY(spine_vectorsfile_put(path, &places, 0, 3, DIM, values[0], &err));
    TRY(spine_outfile_publish(path, &err));
    spine_words_dispose(&list);
}

static void test_what_is_put_is_read_back(void **state)
{
    (void)state;
    const struct path path = join_path(&directory, "vectors.h5");
    struct spine_store *store = NULL;
    struct spine_words list = {0};
    float values[2][DIM + 2];
    size_t rows = 0, dim = 0;

    write_file(path.text);
    TRY(spine_vectorsfile_open(&store, NULL, path.text, &err));
    assert_true(spine_vectorsfile_has_vectors(store));
    TRY(spine_vectorsfile_extent(store, path.text, &rows, &dim, &err));
    assert_int_equal(rows, ROWS);
    assert_int_equal(dim, DIM);

    TRY(spine_vectorsfile_read(store, 2, 2, DIM + 2, values[0], &err));
    TRY(spine_vectorsfile_read_words(store, 1, 2, &list, &err));
    for (size_t i = 0; i < 2; i++)
        for (size_t k = 0; k < DIM; k++)
            assert_true(values[i][k] == number(2 + i, k));
    assert_int_equal(list.count, 2);
    assert_string_equal(spine_words_get(&list, 0), words[1]);
    assert_string_equal(spine_words_get(&list, 1), words[2]);

    spine_words_dispose(&list);
    TRY(spine_store_close(store, &err));
}

static void test_the_origin_is_said_without_its_directory(void **state)
{
    (void)state;
    const struct path path = join_path(&directory, "vectors.h5");
    struct spine_store *store = NULL;
    char *source = NULL;
    int64_t skipped = 0;

    write_file(path.text);
    TRY(spine_vectorsfile_open(&store, NULL, path.text, &err));
    TRY(spine_attribute_get_text(store, "/", "source", &source, &err));
    TRY(spine_attribute_get_integer(store, "/", "rows_skipped", &skipped, &err));
    assert_string_equal(source, "glove.txt");
    assert_int_equal(skipped, 3);

    free(source);
    TRY(spine_store_close(store, &err));
}

/* A file with so many words for ROWS vectors, of this format or of none. */
static void write_odd(const char *path, const char *format, size_t num_words)
{
    const float values[ROWS * DIM] = {0};
    struct spine_words list = {0};
    struct spine_store *store = NULL;

    add_words(&list, num_words);
    TRY(spine_store_create(&store, path, format, &err));
    TRY(spine_strings_append(store, "/words", &list, &err));
    TRY(spine_array_make(store, "/vectors", SPINE_ARRAY_FLOAT, ROWS, DIM, &err));
    TRY(spine_array_write(store, "/vectors", SPINE_ARRAY_FLOAT, 0, ROWS, DIM, values, &err));
    TRY(spine_store_finish(store, path, 0, &err));
    spine_words_dispose(&list);
}

static void test_a_file_of_no_format_is_read(void **state)
{
    (void)state;
    const struct path path = join_path(&directory, "theirs.h5");
    struct spine_store *store = NULL;
    size_t rows = 0, dim = 0;

    write_odd(path.text, NULL, ROWS);
    TRY(spine_vectorsfile_open(&store, NULL, path.text, &err));
    TRY(spine_vectorsfile_extent(store, path.text, &rows, &dim, &err));
    assert_int_equal(rows, ROWS);
    TRY(spine_store_close(store, &err));
}

static void test_other_files_are_refused(void **state)
{
    (void)state;
    const struct path path = join_path(&directory, "odd.h5");
    struct spine_store *store = NULL;
    size_t rows = 0, dim = 0;

    write_odd(path.text, "spine-model", ROWS);
    EXPECT_REFUSED(spine_vectorsfile_open(&store, NULL, path.text, &err),
                   "%s: holds 'spine-model', expected 'spine-vectors'", path.text);

    write_odd(path.text, "spine-vectors", ROWS - 1);
    TRY(spine_vectorsfile_open(&store, NULL, path.text, &err));
    EXPECT_REFUSED(spine_vectorsfile_extent(store, path.text, &rows, &dim, &err),
                   "%s: has 3 words for 4 vectors", path.text);
    TRY(spine_store_close(store, &err));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(test_what_is_put_is_read_back),
        TEST(test_the_origin_is_said_without_its_directory),
        TEST(test_a_file_of_no_format_is_read),
        TEST(test_other_files_are_refused),
    };

    spine_comm_init(&alone, &argc, &argv);
    const int failures = cmocka_run_group_tests(tests, NULL, NULL);
    spine_comm_finalize(&alone);
    return failures;
}
