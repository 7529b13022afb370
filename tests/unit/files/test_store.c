/* test_store.c -- what is written is read back, on any number of ranks, and what isn't whole or
 * isn't ours is refused by name; run on several numbers of ranks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "spine/base/outfile.h"
#include "spine/files/array.h"
#include "spine/files/attribute.h"
#include "spine/files/object.h"
#include "spine/files/store.h"
#include "spine/files/strings.h"
#include "support/expect.h"
#include "support/ranks.h"

/* --- Rows over ranks ------------------------------------------------------------------------ */

enum { DIM = 5, STRIDE = 16 };

/* The rows of a rank of a job of 'size'; the middle one of three, the last one of two has none. */
static size_t share(int rank, int size)
{
    return size == 1 ? 11 : rank == 1 ? 0 : size == 2 ? 11 : rank == 0 ? 4 : 7;
}

static float entry(size_t row, size_t column)
{
    return (float)(row * 100 + column) / 8;
}

/* Write /matrix (11, DIM), /small and /large (11), by all ranks of comm. */
static void write_rows(struct spine_comm *comm, const struct path *path)
{
    struct spine_store *store = NULL;
    float matrix[11 * DIM];
    int32_t small[11];
    int64_t large[11];
    int64_t offsets[3];
    size_t first = 0;
    for (int rank = 0; rank < comm->rank; rank++)
        first += share(rank, comm->size);
    const size_t count = share(comm->rank, comm->size);
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < DIM; k++)
            matrix[i * DIM + k] = entry(first + i, k);
        small[i] = -(int32_t)(first + i);
        large[i] = INT64_C(1) << 40 | (int64_t)(first + i);
    }
    if (comm->rank == 0) {
        TRY(spine_store_create(&store, path->text, "spine-test", &err));
        TRY(spine_array_make_at(store, "/matrix", SPINE_ARRAY_FLOAT, 11, DIM, &offsets[0], &err));
        TRY(spine_array_make_at(store, "/group/small", SPINE_ARRAY_INT32, 11, 0, &offsets[1],
                                &err));
        TRY(spine_array_make_at(store, "/group/large", SPINE_ARRAY_INT64, 11, 0, &offsets[2],
                                &err));
        TRY(spine_attribute_set_real(store, "/", "scale", 0.1, &err));
        TRY(spine_store_close(store, &err));
    }
    spine_comm_broadcast(comm, offsets, sizeof offsets);
    const struct {
        const void *data;
        size_t bytes; /* of a row */
    } parts[3] = {{matrix, DIM * sizeof *matrix}, {small, sizeof *small}, {large, sizeof *large}};
    for (int i = 0; i < 3; i++)
        TRY(spine_outfile_write(path->text, offsets[i] + (int64_t)(first * parts[i].bytes),
                                parts[i].data, count * parts[i].bytes, &err));
    spine_comm_barrier(comm);
    if (comm->rank == 0)
        TRY(spine_outfile_publish(path->text, &err));
    spine_comm_barrier(comm);
}

/* Read rows [first, first + count) and compare; what lies between them stays as it was. */
static void check_rows(struct spine_store *store, size_t first, size_t count)
{
    float matrix[11 * 8];
    int32_t small[11];
    int64_t large[11];
    for (size_t i = 0; i < sizeof matrix / sizeof *matrix; i++)
        matrix[i] = -1;
    TRY(spine_array_read(store, "/matrix", SPINE_ARRAY_FLOAT, first, count, 8, matrix, &err));
    TRY(spine_array_read(store, "/group/small", SPINE_ARRAY_INT32, first, count, 1, small, &err));
    TRY(spine_array_read(store, "/group/large", SPINE_ARRAY_INT64, first, count, 1, large, &err));
    for (size_t i = 0; i < 11; i++)
        for (size_t k = 0; k < 8; k++)
            assert_true(matrix[i * 8 + k] == (i < count && k < DIM ? entry(first + i, k) : -1));
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(small[i], -(int32_t)(first + i));
        assert_true(large[i] == (INT64_C(1) << 40 | (int64_t)(first + i)));
    }
}

static void test_rows_written_by_all_ranks_are_read_by_all_and_alone(void **state)
{
    (void)state;
    const struct path path = join_path(&directory, "rows.h5");
    struct spine_store *store = NULL;
    size_t rows = 0, columns = 0;
    write_rows(&world, &path);

    TRY(spine_store_open_all(&store, &world, path.text, "spine-test", &err));
    TRY(spine_array_extent(store, "/matrix", SPINE_ARRAY_FLOAT, &rows, &columns, &err));
    assert_int_equal(rows, 11);
    assert_int_equal(columns, DIM);
    check_rows(store, world.rank == 0 ? 3 : 0, world.rank == 0 ? 8 : world.rank == 1 ? 0 : 11);
    TRY(spine_store_close(store, &err));

    if (world.rank == world.size - 1) { /* without the others */
        TRY(spine_store_open(&store, path.text, "spine-test", &err));
        check_rows(store, 0, 11);
        check_rows(store, 10, 1);
        check_rows(store, 11, 0);
        TRY(spine_store_close(store, &err));
    }
}

static void test_files_of_one_and_of_all_ranks_hold_the_same(void **state)
{
    (void)state;
    const struct path ours = join_path(&directory, "all.h5"), mine = join_path(&directory, "1.h5");
    struct spine_comm alone;
    write_rows(&world, &ours);
    spine_comm_split(&world, world.rank, &alone);
    if (world.rank == 0) {
        struct spine_store *store = NULL;
        float matrices[2][11 * DIM];
        double scales[2] = {0, 1};
        const struct path *const paths[] = {&ours, &mine};
        write_rows(&alone, &mine);
        for (int i = 0; i < 2; i++) {
            TRY(spine_store_open(&store, paths[i]->text, "spine-test", &err));
            TRY(spine_array_read(store, "/matrix", SPINE_ARRAY_FLOAT, 0, 11, DIM, matrices[i],
                                 &err));
            TRY(spine_attribute_get_real(store, "/", "scale", &scales[i], &err));
            TRY(spine_store_close(store, &err));
        }
        assert_memory_equal(matrices[0], matrices[1], sizeof matrices[0]);
        assert_true(scales[0] == 0.1 && scales[1] == 0.1);
    }
    spine_comm_dispose(&alone);
    spine_comm_barrier(&world);
}

/* Words of all kinds; the longest has 70,000 bytes, and there are more than are read at once. */
static void make_words(struct spine_words *words)
{
    static const char *const odd[] = {"",     "the",  "New York", "na\xC3\xAFve", "\xFF\xFE",
                                      "a\tb", "\"'`", "\\",       "\xE4\xB8\xAD"};
    char *longest = malloc(70000);
    memset(longest, 'w', 70000);
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        TRY(spine_words_add(words, odd[i], strlen(odd[i]), &err));
    TRY(spine_words_add(words, longest, 70000, &err));
    free(longest);
    for (int i = 0; i < 20000; i++) {
        char word[20];
        const int length = snprintf(word, sizeof word, "word%d", i);
        TRY(spine_words_add(words, word, (size_t)length, &err));
    }
}

/* A file with so much in it that reading one thing doesn't bring the others along. */
static void write_crowd(const struct path *path)
{
    struct spine_store *store = NULL;
    struct spine_words words = {0};
    make_words(&words);
    TRY(spine_store_create(&store, path->text, NULL, &err));
    for (int i = 0; i < 300; i++) {
        char name[32];
        snprintf(name, sizeof name, "/groups/%d/inner", i);
        TRY(spine_object_make_group(store, name, &err));
        TRY(spine_attribute_set_text(store, name, "note", name, &err));
    }
    TRY(spine_strings_append(store, "/words", &words, &err));
    TRY(spine_store_close(store, &err));
    TRY(spine_outfile_publish(path->text, &err));
    spine_words_dispose(&words);
}

static void test_a_rank_may_look_around_while_the_others_wait(void **state)
{
    (void)state;
    const struct path path = join_path(&directory, "local.h5");
    struct spine_store *store = NULL;
    struct spine_words words = {0};
    if (world.rank == 0)
        write_crowd(&path);
    spine_comm_barrier(&world);
    TRY(spine_store_open_all(&store, &world, path.text, NULL, &err));
    if (world.rank == world.size - 1) {
        char *text = NULL;
        size_t count = 0;
        bool has = false;
        TRY(spine_object_find(store, "/groups/7/inner", &has, &err));
        assert_true(has && spine_object_has(store, "/groups/7/inner"));
        TRY(spine_object_find(store, "/groups/7/outer/inner", &has, &err));
        assert_true(!has && !spine_object_has(store, "/groups/7/outer/inner"));
        TRY(spine_attribute_get_text(store, "/groups/150/inner", "note", &text, &err));
        assert_string_equal(text, "/groups/150/inner");
        free(text);
        TRY(spine_strings_count(store, "/words", &count, &err));
        TRY(spine_strings_read(store, "/words", count - 10000, 10000, &words, &err));
        assert_string_equal(spine_words_get(&words, 0), "word10000");
        assert_string_equal(spine_words_get(&words, 9999), "word19999");
    }
    spine_comm_barrier(&world); /* none closes the file before */
    TRY(spine_store_close(store, &err));
    spine_words_dispose(&words);
}

static void test_one_ranks_failure_to_open_is_everyones(void **state)
{
    (void)state;
    const struct path path = join_path(&directory, "missing.h5");
    struct spine_store *store = NULL;
    EXPECT_REFUSED(spine_store_open_all(&store, &world, path.text, NULL, &err), "%s: %s", path.text,
                   "No such file or directory");
    assert_null(store);
}

static void test_all_ranks_refuse_a_truncated_file(void **state)
{
    (void)state;
    const struct path path = join_path(&directory, "rows.h5");
    struct spine_store *store = NULL;
    write_rows(&world, &path);
    if (world.rank == 0)
        assert_int_equal(truncate(path.text, 1000), 0);
    spine_comm_barrier(&world);
    assert_int_equal(spine_store_open_all(&store, &world, path.text, "spine-test", &err), -1);
    assert_int_equal(err.status, SPINE_EXIT_REFUSED);
    assert_non_null(strstr(err.text, "rows.h5: has only 1000 of "));
    assert_null(store);
}

static void test_a_file_that_is_cut_while_it_is_read_is_refused(void **state)
{
    (void)state;
    const struct path path = join_path(&directory, "cut.h5");
    struct spine_store *store = NULL;
    write_rows(&world, &path);
    TRY(spine_store_open_all(&store, &world, path.text, "spine-test", &err));
    TRY(spine_store_check_unchanged(store, &err));
    spine_comm_barrier(&world);
    if (world.rank == 0)
        assert_int_equal(truncate(path.text, 1000), 0);
    spine_comm_barrier(&world);
    EXPECT_REFUSED(spine_store_check_unchanged(store, &err),
                   "%s: the file was changed while it was read", path.text);
    struct spine_error ignored;
    spine_store_close(store, &ignored);
}

static void test_all_ranks_refuse_another_format(void **state)
{
    (void)state;
    const struct path path = join_path(&directory, "rows.h5");
    struct spine_store *store = NULL;
    write_rows(&world, &path);
    EXPECT_REFUSED(spine_store_open_all(&store, &world, path.text, "spine-codes", &err), "%s: %s",
                   path.text, "holds 'spine-test', expected 'spine-codes'");
    assert_null(store);
}

/* --- Alone: the rest needs no second rank ----------------------------------------------------- */

/* A path of this rank's own. */
static struct path own_path(const char *name)
{
    char numbered[100];
    snprintf(numbered, sizeof numbered, "%d-%s", world.rank, name);
    return join_path(&directory, numbered);
}

static struct spine_store *create(const struct path *path, const char *format)
{
    struct spine_store *store = NULL;
    TRY(spine_store_create(&store, path->text, format, &err));
    return store;
}

static void finish(struct spine_store *store, const struct path *path)
{
    TRY(spine_store_close(store, &err));
    TRY(spine_outfile_publish(path->text, &err));
}

static struct spine_store *reopen(struct spine_store *store, const struct path *path)
{
    finish(store, path);
    TRY(spine_store_open(&store, path->text, NULL, &err));
    return store;
}

static void test_a_growing_vector_holds_all_that_was_appended(void **state)
{
    (void)state;
    enum { COUNT = 70001, STEP = 9973 }; /* more than a chunk of the file, in uneven steps */
    const struct path path = own_path("growing.h5");
    struct spine_store *store = create(&path, NULL);
    int32_t *numbers = calloc(COUNT, sizeof *numbers), *read = calloc(COUNT, sizeof *read);
    size_t rows = 1;
    for (int32_t i = 0; i < COUNT; i++)
        numbers[i] = 7 * i - 100;
    TRY(spine_array_make_growing(store, "/numbers", SPINE_ARRAY_INT32, SPINE_ARRAY_MANY, &err));
    TRY(spine_array_make_growing(store, "/none", SPINE_ARRAY_FLOAT, SPINE_ARRAY_MANY, &err));
    TRY(spine_array_append(store, "/none", SPINE_ARRAY_FLOAT, 0, NULL, &err));
    for (size_t done = 0; done < COUNT; done += STEP)
        TRY(spine_array_append(store, "/numbers", SPINE_ARRAY_INT32,
                               COUNT - done < STEP ? COUNT - done : STEP, numbers + done, &err));
    store = reopen(store, &path);
    TRY(spine_array_extent(store, "/none", SPINE_ARRAY_FLOAT, &rows, NULL, &err));
    assert_int_equal(rows, 0);
    TRY(spine_array_extent(store, "/numbers", SPINE_ARRAY_INT32, &rows, NULL, &err));
    assert_int_equal(rows, COUNT);
    TRY(spine_array_read(store, "/numbers", SPINE_ARRAY_INT32, 0, COUNT, 1, read, &err));
    assert_memory_equal(read, numbers, COUNT * sizeof *read);
    TRY(spine_store_close(store, &err));
    free(numbers);
    free(read);
}

static void test_words_are_kept_byte_for_byte(void **state)
{
    (void)state;
    const struct path path = own_path("words.h5");
    struct spine_store *store = create(&path, NULL);
    struct spine_words words = {0}, read = {0}, one = {0};
    size_t count = 0;
    make_words(&words);
    TRY(spine_words_add(&one, "last", 4, &err));
    TRY(spine_strings_append(store, "/words", &words, &err));
    TRY(spine_strings_append(store, "/words", &one, &err));
    store = reopen(store, &path);
    TRY(spine_strings_count(store, "/words", &count, &err));
    assert_int_equal(count, words.count + 1);
    TRY(spine_strings_read(store, "/words", 0, count, &read, &err));
    assert_int_equal(read.count, count);
    for (size_t i = 0; i < words.count; i++)
        assert_string_equal(spine_words_get(&read, i), spine_words_get(&words, i));
    assert_string_equal(spine_words_get(&read, words.count), "last");
    TRY(spine_strings_read(store, "/words", 9, 2, &one, &err)); /* appends */
    assert_int_equal(one.count, 3);
    assert_int_equal(strlen(spine_words_get(&one, 1)), 70000);
    assert_string_equal(spine_words_get(&one, 2), "word0");
    TRY(spine_store_close(store, &err));
    spine_words_dispose(&words);
    spine_words_dispose(&read);
    spine_words_dispose(&one);
}

static void test_an_empty_list_of_words_is_a_dataset_too(void **state)
{
    (void)state;
    const struct path path = own_path("words.h5");
    struct spine_store *store = create(&path, NULL);
    struct spine_words none = {0};
    size_t count = 1;
    TRY(spine_strings_append(store, "/words", &none, &err));
    TRY(spine_strings_append(store, "/words", &none, &err));
    store = reopen(store, &path);
    TRY(spine_strings_count(store, "/words", &count, &err));
    assert_int_equal(count, 0);
    TRY(spine_strings_read(store, "/words", 0, 0, &none, &err));
    assert_int_equal(none.count, 0);
    TRY(spine_store_close(store, &err));
}

static void test_attributes_are_read_back(void **state)
{
    (void)state;
    static const char *const texts[] = {"a", "b"};
    static const int64_t integers[] = {INT64_MIN, INT64_MAX};
    const struct path path = own_path("attributes.h5");
    struct spine_store *store = create(&path, NULL);
    char *text = NULL;
    int64_t integer = 0;
    double real = 0;
    TRY(spine_object_make_group(store, "/group", &err));
    TRY(spine_attribute_set_text(store, "/", "text", "[data]\ninput = \xC3\xA9\n", &err));
    TRY(spine_attribute_set_text(store, "/group", "empty", "", &err));
    TRY(spine_attribute_set_integers(store, "/group", "integer", &integers[1], 1, &err));
    TRY(spine_attribute_set_integers(store, "/", "integers", integers, 2, &err));
    TRY(spine_attribute_set_texts(store, "/", "texts", texts, 2, &err));
    TRY(spine_attribute_set_texts(store, "/", "none", NULL, 0, &err));
    TRY(spine_attribute_set_real(store, "/", "real", 0x1.fffffffffffffp-1000, &err));
    store = reopen(store, &path);
    TRY(spine_attribute_get_text(store, "/", "text", &text, &err));
    assert_string_equal(text, "[data]\ninput = \xC3\xA9\n");
    free(text);
    TRY(spine_attribute_get_text(store, "/group", "empty", &text, &err));
    assert_string_equal(text, "");
    free(text);
    TRY(spine_attribute_get_integer(store, "/group", "integer", &integer, &err));
    assert_true(integer == INT64_MAX);
    TRY(spine_attribute_get_real(store, "/", "real", &real, &err));
    assert_true(real == 0x1.fffffffffffffp-1000);

    EXPECT_REFUSED(spine_attribute_get_text(store, "/", "title", &text, &err), "%s: %s", path.text,
                   "'/' has no attribute 'title'");
    assert_null(text);
    EXPECT_REFUSED(spine_attribute_get_text(store, "/nowhere", "text", &text, &err), "%s: %s",
                   path.text, "'/nowhere' has no attribute 'text'");
    EXPECT_REFUSED(spine_attribute_get_text(store, "/", "real", &text, &err), "%s: %s", path.text,
                   "the attribute 'real' is not text");
    EXPECT_REFUSED(spine_attribute_get_text(store, "/", "texts", &text, &err), "%s: %s", path.text,
                   "the attribute 'texts' is not a single value");
    EXPECT_REFUSED(spine_attribute_get_text(store, "/", "none", &text, &err), "%s: %s", path.text,
                   "the attribute 'none' is not a single value");
    EXPECT_REFUSED(spine_attribute_get_integer(store, "/", "integers", &integer, &err), "%s: %s",
                   path.text, "the attribute 'integers' is not a single value");
    EXPECT_REFUSED(spine_attribute_get_integer(store, "/", "real", &integer, &err), "%s: %s",
                   path.text, "the attribute 'real' is not an integer");
    EXPECT_REFUSED(spine_attribute_get_real(store, "/group", "integer", &real, &err), "%s: %s",
                   path.text, "the attribute 'integer' is not a floating-point number");
    TRY(spine_store_close(store, &err));
}

static void test_what_a_dataset_is_not_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum spine_array_type type;
        int dimensions;
        const char *error;
    } cases[] = {
        {"/absent", SPINE_ARRAY_FLOAT, 2, "has no dataset '/absent'"},
        {"/absent/deep", SPINE_ARRAY_FLOAT, 1, "has no dataset '/absent/deep'"},
        {"/group", SPINE_ARRAY_FLOAT, 1, "'/group' is not a dataset"},
        {"/reals", SPINE_ARRAY_INT32, 2, "'/reals' doesn't hold integers"},
        {"/reals", SPINE_ARRAY_FLOAT, 1, "'/reals': expected 1 dimension"},
        {"/integers", SPINE_ARRAY_FLOAT, 1, "'/integers' doesn't hold floating-point numbers"},
        {"/integers", SPINE_ARRAY_INT64, 2, "'/integers': expected 2 dimensions"},
        {"/words", SPINE_ARRAY_FLOAT, 1, "'/words' doesn't hold floating-point numbers"},
        {"/words", SPINE_ARRAY_INT64, 1, "'/words' doesn't hold integers"},
    };
    const struct path path = own_path("wrong.h5");
    struct spine_store *store = create(&path, NULL);
    struct spine_words words = {0};
    TRY(spine_object_make_group(store, "/group", &err));
    const int32_t integers[4] = {0};
    TRY(spine_array_make(store, "/reals", SPINE_ARRAY_FLOAT, 2, 3, &err));
    TRY(spine_array_make(store, "/integers", SPINE_ARRAY_INT32, 4, 0, &err));
    TRY(spine_array_write(store, "/integers", SPINE_ARRAY_INT32, 0, 4, 1, integers, &err));
    TRY(spine_words_add(&words, "w", 1, &err));
    TRY(spine_strings_append(store, "/words", &words, &err));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t rows = 99, columns = 99;
        EXPECT_REFUSED(spine_array_extent(store, cases[i].name, cases[i].type, &rows,
                                          cases[i].dimensions == 2 ? &columns : NULL, &err),
                       "%s: %s", path.text, cases[i].error);
        assert_true(rows == 99 && columns == 99);
    }
    size_t rows = 0;
    TRY(spine_array_extent(store, "/integers", SPINE_ARRAY_INT64, &rows, NULL,
                           &err)); /* any width */
    assert_int_equal(rows, 4);
    EXPECT_REFUSED(spine_strings_count(store, "/absent", &rows, &err), "%s: %s", path.text,
                   "has no dataset '/absent'");
    EXPECT_REFUSED(spine_strings_count(store, "/reals", &rows, &err), "%s: %s", path.text,
                   "'/reals' is not a vector of strings");
    EXPECT_REFUSED(spine_strings_read(store, "/integers", 0, 1, &words, &err), "%s: %s", path.text,
                   "'/integers' is not a vector of strings");
    spine_words_dispose(&words);
    finish(store, &path);
}

static void test_a_dataset_larger_than_its_file_is_refused(void **state)
{
    (void)state;
    const struct path path = own_path("large.h5");
    struct spine_store *store = create(&path, NULL);
    const float numbers[6] = {0};
    size_t rows = 99, columns = 99;
    TRY(spine_array_make(store, "/some", SPINE_ARRAY_FLOAT, 3, 2, &err));
    TRY(spine_array_make(store, "/huge", SPINE_ARRAY_FLOAT, SIZE_MAX / 64, 4, &err));
    TRY(spine_array_make_checked(store, "/unwritten", SPINE_ARRAY_FLOAT, 1 << 30, 1 << 20, &err));
    TRY(spine_array_make(store, "/none", SPINE_ARRAY_FLOAT, 0, 8, &err));
    TRY(spine_array_write(store, "/some", SPINE_ARRAY_FLOAT, 0, 3, 2, numbers, &err));
    finish(store, &path);
    TRY(spine_store_open(&store, path.text, NULL, &err));
    TRY(spine_array_extent(store, "/some", SPINE_ARRAY_FLOAT, &rows, &columns, &err));
    TRY(spine_array_extent(store, "/none", SPINE_ARRAY_FLOAT, &rows, &columns, &err));
    EXPECT_REFUSED(spine_array_extent(store, "/huge", SPINE_ARRAY_FLOAT, &rows, &columns, &err),
                   "%s: '/huge' claims more data than the file holds", path.text);
    EXPECT_REFUSED(
        spine_array_extent(store, "/unwritten", SPINE_ARRAY_FLOAT, &rows, &columns, &err),
        "%s: '/unwritten' claims more data than the file holds", path.text);
    TRY(spine_store_close(store, &err));
}

static void test_a_file_of_another_format_or_version_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *format;
        int64_t version; /* 0: none */
        const char *error;
    } cases[] = {
        {NULL, 0, "not a file of the format 'spine-vectors'"},
        {NULL, 1, "not a file of the format 'spine-vectors'"},
        {"spine-vectors", 0, "not a file of the format 'spine-vectors'"},
        {"spine-codes", 1, "holds 'spine-codes', expected 'spine-vectors'"},
        {"spine-vectors", 2, "is version 2 of 'spine-vectors', this program reads version 1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct path path = own_path("format.h5");
        struct spine_store *store = create(&path, NULL);
        if (cases[i].format != NULL)
            TRY(spine_attribute_set_text(store, "/", "format", cases[i].format, &err));
        if (cases[i].version != 0)
            TRY(spine_attribute_set_integers(store, "/", "format_version", &cases[i].version, 1,
                                             &err));
        finish(store, &path);
        EXPECT_REFUSED(spine_store_open(&store, path.text, "spine-vectors", &err), "%s: %s",
                       path.text, cases[i].error);
        assert_null(store);
    }
}

static void test_what_is_no_hdf5_file_is_refused(void **state)
{
    (void)state;
    const struct path path = own_path("text.h5"), missing = own_path("missing.h5");
    struct spine_store *store = NULL;
    EXPECT_REFUSED(spine_store_open(&store, missing.text, NULL, &err), "%s: %s", missing.text,
                   "No such file or directory");
    EXPECT_REFUSED(spine_store_open(&store, directory.text, NULL, &err), "%s: %s", directory.text,
                   "Is a directory");
    assert_int_equal(put_text(&path, "the 0.1 0.2\n"), 0);
    EXPECT_REFUSED(spine_store_open(&store, path.text, NULL, &err), "%s: %s", path.text,
                   "not an HDF5 file");
    assert_int_equal(put_text(&path, ""), 0);
    EXPECT_REFUSED(spine_store_open(&store, path.text, NULL, &err), "%s: %s", path.text,
                   "not an HDF5 file");
}

static void test_a_truncated_file_is_refused_at_any_length(void **state)
{
    (void)state;
    const struct path path = own_path("whole.h5"), cut = own_path("cut.h5");
    struct spine_store *store = create(&path, "spine-vectors");
    size_t size = 0;
    const float zeros[300] = {0};
    TRY(spine_array_make(store, "/vectors", SPINE_ARRAY_FLOAT, 100, 3, &err));
    TRY(spine_array_write(store, "/vectors", SPINE_ARRAY_FLOAT, 0, 100, 3, zeros, &err));
    finish(store, &path);
    free(get_bytes(&path, &size));
    for (size_t length = 0; length < size; length += length < 16 || size - length < 4 ? 1 : 101) {
        assert_int_equal(copy_file(&path, &cut), 0);
        assert_int_equal(truncate(cut.text, (off_t)length), 0);
        assert_int_equal(spine_store_open(&store, cut.text, "spine-vectors", &err), -1);
        assert_int_equal(err.status, SPINE_EXIT_REFUSED);
        const char *const said = length < 8    ? "cut.h5: not an HDF5 file"
                                 : length < 48 ? "cut.h5: HDF5 can't read it: "
                                               : "cut.h5: has only ";
        if (strstr(err.text, said) == NULL)
            fail_msg("%zu bytes: %s", length, err.text);
    }
}

static void test_a_file_gets_its_name_when_it_is_whole(void **state)
{
    (void)state;
    const struct path path = own_path("named.h5"), part = part_of(&path);
    struct spine_store *store = create(&path, "old");
    assert_true(is_there(&part));
    assert_false(is_there(&path));
    finish(store, &path);
    assert_false(is_there(&part));

    store = create(&path, "new"); /* the old one stays until then */
    struct spine_store *old = NULL;
    TRY(spine_store_open(&old, path.text, "old", &err));
    TRY(spine_store_close(old, &err));
    TRY(spine_store_close(store, &err));
    spine_outfile_discard(path.text);
    assert_false(is_there(&part));
    spine_outfile_discard(path.text);
    TRY(spine_store_open(&old, path.text, "old", &err));
    TRY(spine_store_close(old, &err));

    finish(create(&path, "new"), &path);
    TRY(spine_store_open(&old, path.text, "new", &err));
    TRY(spine_store_close(old, &err));
}

static void test_what_a_crash_left_is_replaced(void **state)
{
    (void)state;
    const struct path path = own_path("crashed.h5"), part = part_of(&path);
    assert_int_equal(put_text(&part, "half a file"), 0);
    finish(create(&path, NULL), &path);
}

static void test_a_symbolic_link_in_the_way_is_not_followed(void **state)
{
    (void)state;
    const struct path path = own_path("linked.h5"), part = part_of(&path);
    const struct path target = own_path("target.txt");
    struct spine_store *store = NULL;
    assert_int_equal(put_text(&target, "precious"), 0);
    assert_int_equal(symlink(target.text, part.text), 0);
    EXPECT_REFUSED(spine_store_create(&store, path.text, "f", &err), "%s: %s", part.text,
                   "Too many levels of symbolic links");
    assert_null(store);
    assert_true(is_there(&part)); /* it isn't ours to remove */
    char *bytes = get_bytes(&target, NULL);
    assert_string_equal(bytes, "precious");
    free(bytes);
}

static void test_where_no_file_can_be_made_the_reason_is_given(void **state)
{
    (void)state;
    const struct path nowhere = own_path("no/such/directory.h5");
    const struct path taken = own_path("taken.h5"), taken_part = part_of(&taken);
    struct spine_store *store = NULL;
    EXPECT_REFUSED(spine_store_create(&store, nowhere.text, "f", &err),
                   "%s: its directory doesn't exist", nowhere.text);
    assert_int_equal(mkdir(taken_part.text, 0777), 0);
    EXPECT_REFUSED(spine_store_create(&store, taken.text, "f", &err), "%s: %s", taken_part.text,
                   "Is a directory");
    assert_true(is_there(&taken_part));
    assert_int_equal(spine_outfile_publish(nowhere.text, &err), -1); /* nothing to publish */
    assert_int_equal(err.status, SPINE_EXIT_FAILED);
}

/* Write more than a file may have; the text must name the file and say what the system said. */
static void check_full_disk(int (*write)(struct spine_store *, const void *), size_t bytes)
{
    const struct path path = own_path("full.h5");
    struct spine_store *store = create(&path, NULL);
    void *data = calloc(bytes, 1);
    struct rlimit limit;
    getrlimit(RLIMIT_FSIZE, &limit);
    const struct rlimit low = {1 << 20, limit.rlim_max};
    setrlimit(RLIMIT_FSIZE, &low);
    int rc = write(store, data);
    rc = spine_store_close(store, rc == 0 ? &err : &(struct spine_error){0}) || rc;
    setrlimit(RLIMIT_FSIZE, &limit);
    assert_int_equal(rc, 1);
    assert_int_equal(err.status, SPINE_EXIT_FAILED);
    assert_memory_equal(err.text, path.text, strlen(path.text));
    if (strstr(err.text, ": File too large") == NULL)
        fail_msg("%s", err.text);
    spine_outfile_discard(path.text);
    free(data);
}

enum { TOO_MANY = 1 << 20 };

static int write_rows_too_many(struct spine_store *store, const void *data)
{
    return spine_array_make(store, "/x", SPINE_ARRAY_FLOAT, TOO_MANY, 0, &err) ||
           spine_array_write(store, "/x", SPINE_ARRAY_FLOAT, 0, TOO_MANY, 1, data, &err);
}

static int append_too_many(struct spine_store *store, const void *data)
{
    return spine_array_make_growing(store, "/x", SPINE_ARRAY_FLOAT, SPINE_ARRAY_MANY, &err) ||
           spine_array_append(store, "/x", SPINE_ARRAY_FLOAT, TOO_MANY, data, &err);
}

static void test_a_full_disk_is_named(void **state)
{
    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    check_full_disk(write_rows_too_many, TOO_MANY * sizeof(float));
    check_full_disk(append_too_many, TOO_MANY * sizeof(float));
}

static void test_closing_nothing_goes(void **state)
{
    (void)state;
    assert_int_equal(spine_store_close(NULL, &err), 0);
    char text[32];
    spine_store_library(text, sizeof text);
    assert_non_null(strchr(text, '.'));
}

int run_store(const struct spine_comm *comm)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_written_by_all_ranks_are_read_by_all_and_alone),
        cmocka_unit_test(test_files_of_one_and_of_all_ranks_hold_the_same),
        cmocka_unit_test(test_a_rank_may_look_around_while_the_others_wait),
        cmocka_unit_test(test_one_ranks_failure_to_open_is_everyones),
        cmocka_unit_test(test_all_ranks_refuse_a_truncated_file),
        cmocka_unit_test(test_a_file_that_is_cut_while_it_is_read_is_refused),
        cmocka_unit_test(test_all_ranks_refuse_another_format),
        cmocka_unit_test(test_a_growing_vector_holds_all_that_was_appended),
        cmocka_unit_test(test_words_are_kept_byte_for_byte),
        cmocka_unit_test(test_an_empty_list_of_words_is_a_dataset_too),
        cmocka_unit_test(test_attributes_are_read_back),
        cmocka_unit_test(test_what_a_dataset_is_not_is_refused),
        cmocka_unit_test(test_a_dataset_larger_than_its_file_is_refused),
        cmocka_unit_test(test_a_file_of_another_format_or_version_is_refused),
        cmocka_unit_test(test_what_is_no_hdf5_file_is_refused),
        cmocka_unit_test(test_a_truncated_file_is_refused_at_any_length),
        cmocka_unit_test(test_a_file_gets_its_name_when_it_is_whole),
        cmocka_unit_test(test_what_a_crash_left_is_replaced),
        cmocka_unit_test(test_a_symbolic_link_in_the_way_is_not_followed),
        cmocka_unit_test(test_where_no_file_can_be_made_the_reason_is_given),
        cmocka_unit_test(test_a_full_disk_is_named),
        cmocka_unit_test(test_closing_nothing_goes),
    };
    world = *comm;
    return cmocka_run_group_tests(tests, make_shared_directory, remove_shared_directory);
}
