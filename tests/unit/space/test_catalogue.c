/* test_catalogue.c -- an index changes no answer, and counts only where it belongs to the codes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spine/files/merge.h"
#include "spine/space/catalogue.h"
#include "support/directory.h"
#include "support/shards.h"

/* codes.h5ad of the made-up run, and codes.index. */
static struct path merge(void)
{
    const struct path path = join_path(&directory, "codes.h5ad");
    struct spine_merge_report report;
    write_shards(&directory, 2);
    TRY(spine_merge_into(directory.text, path.text, NULL, NULL, &report, &err));
    return path;
}

static struct spine_catalogue open_catalogue(const char *path, bool has_index)
{
    struct spine_catalogue catalogue;
    TRY(spine_catalogue_open(&catalogue, path, NULL, &err));
    assert_int_equal(catalogue.has_index, has_index);
    assert_int_equal(catalogue.is_whole, !has_index);
    assert_int_equal(catalogue.rows, RUN_ROWS);
    assert_int_equal(catalogue.dimensions, RUN_HIDDEN);
    return catalogue;
}

static void expect_equal_lists(const struct spine_ranked *list, const struct spine_ranked *other,
                               size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_true(list[i].strength == other[i].strength);
        assert_int_equal(list[i].index, other[i].index);
    }
}

static void expect_equal_dimensions(struct spine_catalogue *one, struct spine_catalogue *other)
{
    for (size_t j = 0; j < RUN_HIDDEN; j++) {
        const size_t count = spine_catalogue_active(one, j);
        assert_int_equal(spine_catalogue_active(other, j), count);
        expect_equal_lists(spine_catalogue_top(one, j, count), spine_catalogue_top(other, j, count),
                           count);
    }
}

static void expect_equal_words(struct spine_catalogue *one, struct spine_catalogue *other)
{
    for (size_t i = 0; i < RUN_ROWS; i++) {
        struct spine_ranked list[2][RUN_HIDDEN], *near[2];
        const char *word = spine_catalogue_word(one, i);
        assert_string_equal(spine_catalogue_word(other, i), word);
        assert_int_equal(spine_catalogue_find(one, word), i);
        assert_int_equal(spine_catalogue_find(other, word), i);

        const size_t count = spine_catalogue_of_row(one, i, list[0]);
        assert_int_equal(spine_catalogue_of_row(other, i, list[1]), count);
        expect_equal_lists(list[0], list[1], count);

        for (size_t most = 1; most <= RUN_ROWS + 1; most += 7) {
            const size_t found = spine_catalogue_near(one, i, most, &near[0]);
            assert_int_equal(found, most < RUN_ROWS ? most : RUN_ROWS - 1);
            assert_int_equal(spine_catalogue_near(other, i, most, &near[1]), found);
            expect_equal_lists(near[0], near[1], found);
            free(near[0]);
            free(near[1]);
        }
    }
}

static void test_an_index_changes_no_answer(void **state)
{
    (void)state;
    const struct path path = merge(), index = join_path(&directory, "codes.index");
    struct spine_catalogue with = open_catalogue(directory.text, true);
    assert_int_equal(unlink(index.text), 0);
    struct spine_catalogue without = open_catalogue(path.text, false);

    expect_equal_dimensions(&with, &without);
    expect_equal_words(&with, &without);
    assert_int_equal(spine_catalogue_find(&with, "unheard"), -1);
    spine_catalogue_read_words(&with); /* and once more with all words in memory */
    expect_equal_words(&with, &without);
    TRY(spine_catalogue_read_all(&with, &err));
    expect_equal_dimensions(&with, &without);
    TRY(spine_catalogue_check(&with, &err));

    spine_catalogue_close(&with);
    spine_catalogue_close(&without);
}

static void change_byte(const struct path *path, off_t at)
{
    const int file = open(path->text, O_RDWR);
    char byte = 0;
    assert_true(pread(file, &byte, 1, at) == 1);
    byte = (char)~byte;
    assert_true(pwrite(file, &byte, 1, at) == 1);
    close(file);
}

static void set_time(const struct path *path, time_t seconds)
{
    const struct timespec times[2] = {{.tv_sec = seconds}, {.tv_sec = seconds}};
    assert_int_equal(utimensat(AT_FDCWD, path->text, times, 0), 0);
}

static void test_an_index_of_other_codes_counts_as_absent(void **state)
{
    (void)state;
    const struct path path = merge(), index = join_path(&directory, "codes.index");
    struct spine_catalogue catalogue = open_catalogue(path.text, true);
    spine_catalogue_close(&catalogue);

    set_time(&path, 2000);
    set_time(&index, 1000);
    catalogue = open_catalogue(path.text, false);
    spine_catalogue_close(&catalogue);
    set_time(&index, 2000);
    catalogue = open_catalogue(path.text, true);
    spine_catalogue_close(&catalogue);

    change_byte(&index, 8); /* another byte order */
    set_time(&index, 2000);
    catalogue = open_catalogue(path.text, false);
    spine_catalogue_close(&catalogue);
    change_byte(&index, 8);
    assert_int_equal(truncate(index.text, 500), 0);
    catalogue = open_catalogue(path.text, false);
    spine_catalogue_close(&catalogue);
}

/* Whatever byte is wrong, an answer is refused or comes from within. */
static void test_a_damaged_index_leads_nowhere(void **state)
{
    (void)state;
    const struct path path = merge(), index = join_path(&directory, "codes.index");
    FILE *file = fopen(index.text, "rb");
    fseek(file, 0, SEEK_END);
    const long bytes = ftell(file);
    fclose(file);

    size_t num_failed = 0;
    for (off_t at = (off_t)sizeof(struct spine_codeindex_header); at < bytes; at += 41) {
        struct spine_catalogue catalogue;
        struct spine_ranked *near = NULL, dimensions[RUN_HIDDEN];
        change_byte(&index, at);
        if (spine_catalogue_open(&catalogue, path.text, NULL, &err) == 0) {
            spine_catalogue_find(&catalogue, "word7");
            for (size_t j = 0; j < RUN_HIDDEN; j++)
                spine_catalogue_top(&catalogue, j, spine_catalogue_active(&catalogue, j));
            for (size_t i = 0; i < RUN_ROWS; i++)
                spine_catalogue_word(&catalogue, i);
            spine_catalogue_of_row(&catalogue, 3, dimensions);
            spine_catalogue_near(&catalogue, 3, 5, &near);
            spine_catalogue_read_words(&catalogue);
            num_failed += spine_catalogue_check(&catalogue, &err) != 0;
            free(near);
            spine_catalogue_close(&catalogue);
        } else
            num_failed++;
        change_byte(&index, at);
    }
    assert_true(num_failed > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_an_index_changes_no_answer),
        TEST(test_an_index_of_other_codes_counts_as_absent),
        TEST(test_a_damaged_index_leads_nowhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
