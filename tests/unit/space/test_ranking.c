/* test_ranking.c -- words are sorted within their dimension, and its median is found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "spine/space/ranking.h"
#include "support/spaces.h"

static const float values[5][4] = {
    {0.5F, 0, 1.25F, -1}, {0.25F, 0, 1, 2}, {0.5F, 0, 1.5F, 0}, {0, 0, 0.5F, -3}, {0, 0, 1, -2}};

static void expect_words(const struct spine_ranking *ranking, size_t dimension, size_t active,
                         float median, size_t count, const uint32_t *rows)
{
    const struct spine_ranked *entries = spine_ranking_get(ranking, dimension);
    assert_int_equal(ranking->start[dimension + 1] - ranking->start[dimension], count);
    assert_int_equal(ranking->active[dimension], active);
    assert_true(ranking->median[dimension] == median);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(entries[i].index, rows[i]);
}

static void test_dense_vectors(void **state)
{
    (void)state;
    struct spine_space space;
    struct spine_ranking ranking;
    make_space(&space, "a b c d e", 4, &values[0][0]);
    TRY(spine_ranking_init(&ranking, &space, &err));
    expect_words(&ranking, 0, 3, 0.25F, 3, (const uint32_t[]){0, 2, 1});
    expect_words(&ranking, 1, 0, 0, 0, NULL);
    expect_words(&ranking, 2, 5, 1, 5, (const uint32_t[]){2, 0, 1, 4, 3});
    expect_words(&ranking, 3, 1, -1, 1, (const uint32_t[]){1});
    spine_ranking_dispose(&ranking);
    spine_ranking_dispose(&ranking);
    spine_space_dispose(&space);
}

static void test_codes_are_ordered_by_what_was_above_1_too(void **state)
{
    (void)state;
    struct spine_space space;
    struct spine_ranking ranking;
    make_codes(&space, "a b c d e", 4, &values[0][0]);
    TRY(spine_ranking_init(&ranking, &space, &err));
    expect_words(&ranking, 2, 5, 1, 5, (const uint32_t[]){2, 0, 1, 4, 3});
    expect_words(&ranking, 3, 1, 0, 1, (const uint32_t[]){1});
    assert_true(spine_ranking_get(&ranking, 2)->strength == 1.5F);
    assert_true(spine_space_strength(&space, 2, 2) == 1.5F);
    assert_true(spine_space_strength(&space, 3, 0) == 0);
    spine_ranking_dispose(&ranking);
    spine_space_dispose(&space);
}

static void test_of_two_medians_the_lower_one(void **state)
{
    (void)state;
    static const float even[4][3] = {{1, -1, 0}, {2, -2, 0}, {3, -3, 5}, {4, 0, 6}};
    struct spine_space space;
    struct spine_ranking ranking;
    make_space(&space, "a b c d", 3, &even[0][0]);
    TRY(spine_ranking_init(&ranking, &space, &err));
    assert_true(ranking.median[0] == 2);
    assert_true(ranking.median[1] == -2);
    assert_true(ranking.median[2] == 0);
    spine_ranking_dispose(&ranking);
    spine_space_dispose(&space);
}

static void expect_dimensions(const struct spine_space *space, size_t row, size_t count,
                              const struct spine_ranked *expected)
{
    struct spine_ranked found[4];
    assert_int_equal(spine_ranking_of_row(space, row, found), count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(found[i].index, expected[i].index);
        assert_true(found[i].strength == expected[i].strength);
    }
}

static void test_a_row_has_its_dimensions_strongest_first(void **state)
{
    (void)state;
    static const float tied[2][4] = {{0.5F, 1.5F, -2, 0.5F}, {0, 0, -1, 0}};
    static const struct spine_ranked expected[] = {{1.5F, 1}, {0.5F, 0}, {0.5F, 3}};
    struct spine_space dense, codes;
    make_space(&dense, "a b", 4, &tied[0][0]);
    make_codes(&codes, "a b", 4, &tied[0][0]);
    expect_dimensions(&dense, 0, 3, expected);
    expect_dimensions(&codes, 0, 3, expected);
    expect_dimensions(&dense, 1, 0, NULL);
    expect_dimensions(&codes, 1, 0, NULL);
    spine_space_dispose(&dense);
    spine_space_dispose(&codes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dense_vectors),
        cmocka_unit_test(test_codes_are_ordered_by_what_was_above_1_too),
        cmocka_unit_test(test_of_two_medians_the_lower_one),
        cmocka_unit_test(test_a_row_has_its_dimensions_strongest_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
