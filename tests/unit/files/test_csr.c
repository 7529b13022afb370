/* test_csr.c -- rows of a sparse matrix come back as they were added; broken ones are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "spine/base/outfile.h"
#include "spine/files/array.h"
#include "spine/files/csr.h"
#include "spine/files/store.h"
#include "support/directory.h"
#include "support/shards.h"

static void test_a_row_keeps_what_is_above_the_base(void **state)
{
    (void)state;
    static const float row[] = {0, 0.5F, -1, 1, 1.5F, 0.25F};
    static const int32_t columns[] = {1, 3, 4, 5, 4};
    static const float values[] = {0.5F, 1, 1.5F, 0.25F, 0.5F};
    static const int64_t ends[] = {0, 4, 5, 5};
    struct spine_csr csr = {0};
    for (int again = 0; again < 2; again++) { /* cleared, the memory is used again */
        spine_csr_clear(&csr);
        TRY(spine_csr_reserve(&csr, 3, 18, &err));
        spine_csr_add_row(&csr, row, 6, 0);
        spine_csr_add_row(&csr, row, 6, 1);
        spine_csr_add_row(&csr, row, 6, 2);
        assert_int_equal(csr.rows, 3);
        assert_int_equal(csr.count, 5);
        assert_memory_equal(csr.indptr, ends, sizeof ends);
        assert_memory_equal(csr.indices, columns, sizeof columns);
        assert_memory_equal(csr.data, values, sizeof values);
    }
    spine_csr_dispose(&csr);
    spine_csr_dispose(&csr);
    assert_null(csr.data);
}

static void test_room_is_made_without_losing_rows(void **state)
{
    (void)state;
    struct spine_csr csr = {0};
    for (size_t i = 0; i < 100; i++) {
        const float row[] = {(float)i, 0, (float)(i % 2)};
        TRY(spine_csr_reserve(&csr, 1, 3, &err));
        spine_csr_add_row(&csr, row, 3, 0);
    }
    assert_int_equal(csr.rows, 100);
    assert_int_equal(csr.count, 99 + 50);
    for (size_t i = 1; i < 100; i++) {
        assert_true(csr.data[csr.indptr[i]] == (float)i);
        assert_int_equal(csr.indptr[i + 1] - csr.indptr[i], 1 + i % 2);
    }
    spine_csr_dispose(&csr);
}

static void test_a_row_is_looked_up_in_ascending_columns(void **state)
{
    (void)state;
    static const float rows[2][6] = {{9, 0, 9, 0, 0, 9}, {0, 0.5F, 0, 1, 1.5F, 0}};
    struct spine_csr csr = {0};
    float all[6];
    TRY(spine_csr_reserve(&csr, 3, 12, &err));
    spine_csr_add_row(&csr, rows[0], 6, 0);
    spine_csr_add_row(&csr, rows[1], 6, 0);
    spine_csr_add_row(&csr, rows[1], 0, 0);
    for (size_t i = 0; i < 2; i++) {
        int64_t at = csr.indptr[i], odd = at;
        spine_csr_spread(&csr, i, 6, all);
        assert_memory_equal(all, rows[i], sizeof all);
        for (int32_t j = 0; j < 6; j++) {
            assert_true(spine_csr_seek(&csr, i, j, &at) == rows[i][j]);
            assert_true(j % 2 == 0 || spine_csr_seek(&csr, i, j, &odd) == rows[i][j]);
        }
    }
    int64_t at = csr.indptr[2];
    assert_true(spine_csr_seek(&csr, 2, 0, &at) == 0);
    spine_csr_dispose(&csr);
}

static struct spine_store *create(const struct path *path)
{
    struct spine_store *store = NULL;
    TRY(spine_store_create(&store, path->text, NULL, &err));
    return store;
}

static void finish(struct spine_store *store, const struct path *path)
{
    TRY(spine_store_close(store, &err));
    TRY(spine_outfile_publish(path->text, &err));
}

static void test_rows_appended_in_blocks_are_read_in_any(void **state)
{
    (void)state;
    enum { ROWS = 50, COLUMNS = 4 };
    const struct path path = join_path(&directory, "blocks.h5");
    struct spine_store *store = create(&path);
    struct spine_csr csr = {0};
    size_t total = 0, count = 0, begin = 0;
    TRY(spine_csr_make(store, "/m", 100, 1000, &err));
    TRY(spine_csr_append(store, "/m", &csr, &total, &err)); /* no rows */
    for (size_t block = 0; begin < ROWS; block++) {
        spine_csr_clear(&csr);
        const size_t rows = ROWS - begin < block % 7 ? ROWS - begin : block % 7;
        TRY(spine_csr_reserve(&csr, rows, rows * COLUMNS, &err));
        for (size_t i = 0; i < rows; i++, begin++) {
            const float row[COLUMNS] = {begin % 3 == 0, 0, begin % 5 == 0, (float)(begin % 2)};
            spine_csr_add_row(&csr, row, COLUMNS, 0);
        }
        TRY(spine_csr_append(store, "/m", &csr, &total, &err));
    }
    TRY(spine_csr_check(store, path.text, "/m", ROWS, &count, &err));
    assert_int_equal(count, total);
    for (size_t first = 0; first <= ROWS; first++)
        for (size_t rows = 0; first + rows <= ROWS; rows += 1 + rows / 3) {
            TRY(spine_csr_read(store, path.text, "/m", first, rows, COLUMNS, count, &csr, &err));
            assert_int_equal(csr.rows, rows);
            assert_int_equal(csr.indptr[0], 0);
            assert_int_equal(csr.indptr[rows], csr.count);
            for (size_t i = 0; i < rows; i++) {
                const size_t row = first + i;
                const int64_t in_row = (row % 3 == 0) + (row % 5 == 0) + (row % 2 == 1);
                assert_int_equal(csr.indptr[i + 1] - csr.indptr[i], in_row);
                if (row % 2 == 1)
                    assert_int_equal(csr.indices[csr.indptr[i + 1] - 1], 3);
            }
        }
    spine_csr_dispose(&csr);
    finish(store, &path);
}

static void test_a_matrix_may_be_empty(void **state)
{
    (void)state;
    const struct path path = join_path(&directory, "empty.h5");
    struct spine_store *store = create(&path);
    struct spine_csr csr = {0};
    size_t count = 9;
    TRY(spine_csr_make(store, "/m", 100, 1000, &err));
    TRY(spine_csr_check(store, path.text, "/m", 0, &count, &err));
    assert_int_equal(count, 0);
    TRY(spine_csr_read(store, path.text, "/m", 0, 0, 5, 0, &csr, &err));
    assert_int_equal(csr.rows, 0);
    spine_csr_dispose(&csr);
    finish(store, &path);
}

/* Three rows, four columns. */
static const struct {
    struct hand_matrix matrix;
    const char *check, *read; /* what each refuses; NULL: nothing */
} broken[] = {
    {{3, 3, 4, {1, 1, 1}, {1, 3, 0}, {0, 2, 2, 3}}, NULL, NULL},
    {{0, 0, 4, {0}, {0}, {0, 0, 0, 0}}, NULL, NULL},
    {{3, 3, 3, {1, 1, 1}, {1, 3, 0}, {0, 2, 3}},
     "is incomplete: '/m/indptr' has 3 entries, expected 4",
     NULL},
    {{3, 3, 5, {1, 1, 1}, {1, 3, 0}, {0, 2, 2, 3, 3}},
     "is incomplete: '/m/indptr' has 5 entries, expected 4",
     NULL},
    {{3, 3, 0, {1, 1, 1}, {1, 3, 0}, {0}},
     "is incomplete: '/m/indptr' has 0 entries, expected 4",
     NULL},
    {{3, 2, 4, {1, 1, 1}, {1, 3}, {0, 2, 2, 3}},
     "is incomplete: '/m' has 3 values, 2 columns and row ends from 0 to 3",
     NULL},
    {{2, 3, 4, {1, 1}, {1, 3, 0}, {0, 2, 2, 3}},
     "is incomplete: '/m' has 2 values, 3 columns and row ends from 0 to 3",
     NULL},
    {{3, 3, 4, {1, 1, 1}, {1, 3, 0}, {1, 2, 2, 3}},
     "is incomplete: '/m' has 3 values, 3 columns and row ends from 1 to 3",
     NULL},
    {{3, 3, 4, {1, 1, 1}, {1, 3, 0}, {0, 2, 2, 2}},
     "is incomplete: '/m' has 3 values, 3 columns and row ends from 0 to 2",
     NULL},
    {{3, 3, 4, {1, 1, 1}, {3, 1, 0}, {0, 2, 2, 3}},
     NULL,
     "'/m/indices' has a column that is out of order or not below 4"},
    {{3, 3, 4, {1, 1, 1}, {1, 1, 0}, {0, 2, 2, 3}},
     NULL,
     "'/m/indices' has a column that is out of order or not below 4"},
    {{3, 3, 4, {1, 1, 1}, {1, 4, 0}, {0, 2, 2, 3}},
     NULL,
     "'/m/indices' has a column that is out of order or not below 4"},
    {{3, 3, 4, {1, 1, 1}, {-1, 3, 0}, {0, 2, 2, 3}},
     NULL,
     "'/m/indices' has a column that is out of order or not below 4"},
    {{3, 3, 4, {1, 1, 1}, {1, 3, 0}, {0, 3, 2, 3}},
     NULL,
     "the row ends in '/m/indptr' don't ascend within it"},
    {{3, 3, 4, {1, 1, 1}, {1, 3, 0}, {0, -1, 2, 3}},
     NULL,
     "the row ends in '/m/indptr' don't ascend within it"},
    {{3, 3, 4, {1, 1, 1}, {1, 3, 0}, {0, 9, 9, 3}},
     NULL,
     "the row ends in '/m/indptr' don't ascend within it"},
    {{5, 5, 4, {1, 1, 1, 1, 1}, {0, 1, 2, 3, 4}, {0, 5, 5, 5}}, /* more than columns */
     NULL,
     "the row ends in '/m/indptr' don't ascend within it"},
};

static void test_a_broken_matrix_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        const struct path path = join_path(&directory, "broken.h5");
        struct spine_store *store = create(&path);
        struct spine_csr csr = {0};
        size_t count = 0;
        write_hand_matrix(store, "/m", &broken[i].matrix);
        if (broken[i].check != NULL) {
            EXPECT_REFUSED(spine_csr_check(store, path.text, "/m", 3, &count, &err), "%s: %s",
                           path.text, broken[i].check);
        } else {
            TRY(spine_csr_check(store, path.text, "/m", 3, &count, &err));
            const int rc = spine_csr_read(store, path.text, "/m", 0, 3, 4, count, &csr, &err);
            if (broken[i].read != NULL)
                EXPECT_REFUSED(rc, "%s: %s", path.text, broken[i].read);
            else
                assert_int_equal(rc, 0);
        }
        spine_csr_dispose(&csr);
        finish(store, &path);
    }
}

static void test_what_is_no_matrix_is_refused(void **state)
{
    (void)state;
    const struct path path = join_path(&directory, "none.h5");
    struct spine_store *store = create(&path);
    size_t count = 0;
    EXPECT_REFUSED(spine_csr_check(store, path.text, "/m", 3, &count, &err),
                   "%s: has no dataset '/m/data'", path.text);
    TRY(spine_array_make(store, "/m/data", SPINE_ARRAY_INT32, 3, 0, &err));
    EXPECT_REFUSED(spine_csr_check(store, path.text, "/m", 3, &count, &err),
                   "%s: '/m/data' doesn't hold floating-point numbers", path.text);
    finish(store, &path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_row_keeps_what_is_above_the_base),
        cmocka_unit_test(test_room_is_made_without_losing_rows),
        cmocka_unit_test(test_a_row_is_looked_up_in_ascending_columns),
        cmocka_unit_test(test_rows_appended_in_blocks_are_read_in_any),
        cmocka_unit_test(test_a_matrix_may_be_empty),
        cmocka_unit_test(test_a_broken_matrix_is_refused),
        cmocka_unit_test(test_what_is_no_matrix_is_refused),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
