/* test_stepcost.c -- the grid that is chosen follows from what a step costs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "spine/train/stepcost.h"

/* Steps of 1 ms on one rank; ranks that don't disturb each other and meet for nothing. */
static struct spine_stepcost make_cost(int hosts, int ranks)
{
    return (struct spine_stepcost){.nodes = {.count = hosts, .ranks = ranks},
                                   .dim = 300,
                                   .hidden = 960,
                                   .batch_size = 64,
                                   .number = 4,
                                   .row = 1e-3 / 64 / 10,
                                   .unit = 4e-4 / 960,
                                   .pair = 5e-4 / 960 / 64,
                                   .slowdown = 1};
}

static void assert_choice(const struct spine_stepcost *cost, int most_groups, int most_columns,
                          int groups, int columns)
{
    int found_groups = 0, found_columns = 0;

    spine_stepcost_choose(cost, most_groups, most_columns, &found_groups, &found_columns);
    assert_int_equal(found_groups, groups);
    assert_int_equal(found_columns, columns);
}

static void test_one_rank_takes_what_was_measured(void **state)
{
    (void)state;
    const struct spine_stepcost cost = make_cost(1, 8);

    assert_float_equal(spine_stepcost_predict(&cost, 1, 1), 1e-3, 1e-6);
    assert_float_equal(spine_stepcost_predict(&cost, 1, 8), 1e-3 / 8, 1e-6);
}

static void test_all_ranks_are_used_where_they_help(void **state)
{
    (void)state;
    const struct spine_stepcost cost = make_cost(1, 8);

    assert_choice(&cost, 1, 100, 1, 8);
    assert_choice(&cost, 1, 5, 1, 5); /* no more columns than rows, say */
}

static void test_ranks_that_disturb_each_other_stay_idle(void **state)
{
    (void)state;
    struct spine_stepcost cost = make_cost(1, 64); /* on two cores */

    cost.slowdown = 32;
    cost.meeting = 2e-3;
    assert_choice(&cost, 1, 100, 1, 2);
    cost.meeting = 1;
    assert_choice(&cost, 1, 100, 1, 1);
}

static void test_hosts_are_used_as_far_as_the_network_allows(void **state)
{
    (void)state;
    struct spine_stepcost cost = make_cost(6, 4);

    cost.batch_size = 4096;
    cost.byte = 1e-10;
    assert_choice(&cost, 100, 100, 2, 12); /* two groups of three hosts */
    assert_choice(&cost, 100, 4, 4, 4);    /* a power of two */
    assert_choice(&cost, 2, 4, 2, 4);
    cost.latency = 1;
    assert_choice(&cost, 100, 100, 1, 4);
}

static void test_hosts_divide_the_units_where_gradients_are_large(void **state)
{
    (void)state;
    struct spine_stepcost cost = make_cost(6, 4);

    cost.batch_size = 128;
    cost.hidden = 16384;
    cost.byte = 1e-9;
    cost.latency = 2e-5;
    assert_choice(&cost, 2, 100, 1, 24);
    assert_choice(&cost, 1, 100, 1, 24); /* a batch that can't be divided */
    assert_choice(&cost, 2, 23, 1, 20);
    cost.byte = 1e-6; /* no network to speak of */
    assert_choice(&cost, 2, 100, 1, 4);
    cost.nodes.count = 1;
    assert_choice(&cost, 2, 100, 1, 4);
}

static void test_groups_of_several_hosts_divide_large_batches_and_many_units(void **state)
{
    (void)state;
    struct spine_stepcost cost = make_cost(8, 4);

    cost.batch_size = 8192;
    cost.hidden = 16384;
    cost.byte = 1e-8;
    assert_choice(&cost, 100, 100, 2, 16);
    assert_choice(&cost, 1, 100, 1, 32); /* a batch that can't be divided */
    cost.batch_size = 65536;             /* its rows take longer than the gradient */
    assert_choice(&cost, 100, 100, 8, 4);
}

static void test_grids_whose_messages_are_too_long_are_skipped(void **state)
{
    (void)state;
    struct spine_stepcost cost = make_cost(6, 4);

    cost.batch_size = 65536;
    cost.hidden = 131072;
    cost.byte = 1e-9;
    cost.most_k = 8000; /* just below 1 GiB on 6 hosts of 4 ranks */
    assert_choice(&cost, 1, 100, 1, 24);
    cost.most_k = 9000;
    assert_true(isinf(spine_stepcost_predict(&cost, 1, 24)));
    assert_choice(&cost, 1, 100, 1, 4);

    cost = make_cost(2, 1);
    cost.batch_size = 128;
    cost.hidden = 131072;
    cost.dim = 8192; /* a gradient of 8 GiB */
    assert_true(isinf(spine_stepcost_predict(&cost, 2, 1)));
    assert_choice(&cost, 2, 100, 1, 2);
}

static void assert_grids(const struct spine_stepcost *cost, int most_columns,
                         const int (*expected)[2], size_t count)
{
    int groups = 0, columns = 0;

    for (size_t i = 0; i < count; i++) {
        assert_true(spine_stepcost_next_grid(cost, 100, most_columns, &groups, &columns));
        assert_int_equal(groups, expected[i][0]);
        assert_int_equal(columns, expected[i][1]);
    }
    assert_false(spine_stepcost_next_grid(cost, 100, most_columns, &groups, &columns));
}

static void test_grids_that_are_considered(void **state)
{
    (void)state;
    static const int few_rows[][2] = {{1, 1}, {1, 2}, {1, 3}, {2, 1}, {2, 2}, {2, 3}};
    static const int over_hosts[][2] = {{1, 1}, {1, 2}, {1, 4}, {1, 8}, {1, 12}, {2, 1},
                                        {2, 2}, {2, 4}, {2, 6}, {4, 1}, {4, 2}};
    struct spine_stepcost cost = make_cost(3, 4);

    assert_grids(&cost, 3, few_rows, sizeof few_rows / sizeof *few_rows); /* of the input */
    cost = make_cost(6, 2);
    assert_grids(&cost, 100, over_hosts, sizeof over_hosts / sizeof *over_hosts);
}

static void test_columns_that_are_considered(void **state)
{
    (void)state;
    static const int expected[] = {1, 2, 3, 4, 6, 8, 12, 16, 20, 0};
    int columns = 1;

    for (size_t i = 0; expected[i] != 0; i++) {
        assert_int_equal(columns, expected[i]);
        columns = spine_stepcost_next(columns, 20);
    }
    assert_int_equal(columns, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_rank_takes_what_was_measured),
        cmocka_unit_test(test_all_ranks_are_used_where_they_help),
        cmocka_unit_test(test_ranks_that_disturb_each_other_stay_idle),
        cmocka_unit_test(test_hosts_are_used_as_far_as_the_network_allows),
        cmocka_unit_test(test_hosts_divide_the_units_where_gradients_are_large),
        cmocka_unit_test(test_groups_of_several_hosts_divide_large_batches_and_many_units),
        cmocka_unit_test(test_grids_whose_messages_are_too_long_are_skipped),
        cmocka_unit_test(test_grids_that_are_considered),
        cmocka_unit_test(test_columns_that_are_considered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
