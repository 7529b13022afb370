/* test_columns.c -- words are sorted within their dimension, and its median is found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "spine/space/ranking.h"
#include "support/spaces.h"

static const float values[5][4] = {
    {0.5F, 0, 1.25F, -1}, {0.25F, 0, 1, 2}, {0.5F, 0, 1.5F, 0}, {0, 0, 0.5F, -3}, {0, 0, 1, -2}};

static void expect_column(const struct spine_ranking *columns, size_t column, size_t active,
                          float median, size_t count, const uint32_t *rows)
{
    const struct spine_entry *entries = spine_ranking_get(columns, column);
    assert_int_equal(columns->start[column + 1] - columns->start[column], count);
    assert_int_equal(columns->active[column], active);
    assert_true(columns->median[column] == median);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(entries[i].row, rows[i]);
}

static void test_dense_columns(void **state)
{
    (void)state;
    struct spine_space space;
    struct spine_ranking columns;
    make_space(&space, "a b c d e", 4, &values[0][0]);
    TRY(spine_ranking_init(&columns, &space, &err));
    expect_column(&columns, 0, 3, 0.25F, 3, (const uint32_t[]){0, 2, 1});
    expect_column(&columns, 1, 0, 0, 0, NULL);
    expect_column(&columns, 2, 5, 1, 5, (const uint32_t[]){2, 0, 1, 4, 3});
    expect_column(&columns, 3, 1, -1, 4, (const uint32_t[]){1, 0, 4, 3});
    spine_ranking_dispose(&columns);
    spine_ranking_dispose(&columns);
    spine_space_dispose(&space);
}

static void test_codes_are_ordered_by_what_was_above_1_too(void **state)
{
    (void)state;
    struct spine_space space;
    struct spine_ranking columns;
    make_codes(&space, "a b c d e", 4, &values[0][0]);
    TRY(spine_ranking_init(&columns, &space, &err));
    expect_column(&columns, 2, 5, 1, 5, (const uint32_t[]){2, 0, 1, 4, 3});
    expect_column(&columns, 3, 1, 0, 1, (const uint32_t[]){1});
    assert_true(spine_ranking_get(&columns, 2)->strength == 1.5F);
    assert_true(spine_space_strength(&space, 2, 2) == 1.5F);
    assert_true(spine_space_strength(&space, 3, 0) == 0);
    spine_ranking_dispose(&columns);
    spine_space_dispose(&space);
}

static void test_of_two_medians_the_lower_one(void **state)
{
    (void)state;
    static const float even[4][3] = {{1, -1, 0}, {2, -2, 0}, {3, -3, 5}, {4, 0, 6}};
    struct spine_space space;
    struct spine_ranking columns;
    make_space(&space, "a b c d", 3, &even[0][0]);
    TRY(spine_ranking_init(&columns, &space, &err));
    assert_true(columns.median[0] == 2);
    assert_true(columns.median[1] == -2);
    assert_true(columns.median[2] == 0);
    spine_ranking_dispose(&columns);
    spine_space_dispose(&space);
}

static void expect_units(const struct spine_space *space, size_t row, size_t count,
                         const struct spine_unit *expected)
{
    struct spine_unit units[4];
    assert_int_equal(spine_ranking_of_row(space, row, units), count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(units[i].unit, expected[i].unit);
        assert_true(units[i].strength == expected[i].strength);
    }
}

static void test_a_row_has_its_dimensions_strongest_first(void **state)
{
    (void)state;
    static const float tied[2][4] = {{0.5F, 1.5F, -2, 0.5F}, {0, 0, -1, 0}};
    static const struct spine_unit expected[] = {{1.5F, 1}, {0.5F, 0}, {0.5F, 3}};
    struct spine_space dense, codes;
    make_space(&dense, "a b", 4, &tied[0][0]);
    make_codes(&codes, "a b", 4, &tied[0][0]);
    expect_units(&dense, 0, 3, expected);
    expect_units(&codes, 0, 3, expected);
    expect_units(&dense, 1, 0, NULL);
    expect_units(&codes, 1, 0, NULL);
    spine_space_dispose(&dense);
    spine_space_dispose(&codes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dense_columns),
        cmocka_unit_test(test_codes_are_ordered_by_what_was_above_1_too),
        cmocka_unit_test(test_of_two_medians_the_lower_one),
        cmocka_unit_test(test_a_row_has_its_dimensions_strongest_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
