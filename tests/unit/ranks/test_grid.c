/* test_grid.c -- ranks get their places in the grid that is wished for, or that fits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "spine/ranks/grid.h"
#include "support/expect.h"
#include "support/ranks.h"

static void set_ranks_per_node(int count)
{
    char text[16];
    snprintf(text, sizeof text, "%d", count);
    setenv("SPINE_RANKS_PER_NODE", text, 1);
}

static void check_places(const struct spine_grid *grid)
{
    const int size = grid->groups * grid->columns;
    int64_t idle = grid->is_idle;
    spine_comm_sum_counts(&world, &idle, 1);
    assert_int_equal(idle, world.size - size);
    if (grid->is_idle)
        return;
    assert_int_equal(grid->ranks.size, size);
    assert_int_equal(grid->ranks.rank, grid->group * grid->columns + grid->column);
    assert_int_equal(grid->team.size * grid->hosts, grid->columns);
    assert_int_equal(grid->team.rank + grid->host * grid->team.size, grid->column);
    assert_int_equal(grid->node.size, grid->node_groups * grid->team.size);
    assert_int_equal(grid->others.size, grid->num_nodes);
    assert_int_equal(grid->others.rank, grid->node_rank);
    assert_int_equal(grid->node_groups * grid->num_nodes, grid->groups * grid->hosts);
    assert_int_equal(grid->first_group, grid->node_rank / grid->hosts * grid->node_groups);
    assert_int_equal(grid->group / grid->node_groups, grid->node_rank / grid->hosts);
    assert_int_equal(grid->chain.size, grid->hosts);
    assert_int_equal(grid->chain.rank, grid->host);
    assert_int_equal(grid->peers.size * grid->hosts, grid->num_nodes);
    assert_int_equal(grid->peers.rank, grid->node_rank / grid->hosts);
}

static void test_a_wished_grid_is_made(void **state)
{
    (void)state;
    unsetenv("SPINE_RANKS_PER_NODE");
    for (int groups = 1; groups <= world.size; groups++)
        for (int columns = 1; groups * columns <= world.size; columns++) {
            const struct spine_grid_wish wish = {.groups = groups, .columns = columns};
            struct spine_grid grid;
            TRY(spine_grid_init(&grid, &world, &wish, &err));
            assert_int_equal(grid.groups, groups);
            assert_int_equal(grid.columns, columns);
            assert_int_equal(grid.num_nodes, 1);
            check_places(&grid);
            spine_grid_dispose(&grid);
            spine_grid_dispose(&grid);
        }
}

static void test_a_group_spans_hosts(void **state)
{
    (void)state;
    for (int per_node = 1; per_node < world.size; per_node++) {
        const struct spine_grid_wish wish = {.groups = 1,
                                             .columns = world.size / per_node * per_node};
        struct spine_grid grid;
        if (world.size % per_node != 0)
            continue;
        set_ranks_per_node(per_node);
        TRY(spine_grid_init(&grid, &world, &wish, &err));
        assert_int_equal(grid.hosts, world.size / per_node);
        check_places(&grid);
        spine_grid_dispose(&grid);
    }
    unsetenv("SPINE_RANKS_PER_NODE");
}

static void test_spread_groups_have_hosts_of_their_own(void **state)
{
    (void)state;
    for (int nodes = 1; nodes <= world.size; nodes++) {
        const struct spine_grid_wish wish = {.groups = nodes, .columns = 1, .is_spread = true};
        struct spine_grid grid;
        if (world.size % nodes != 0)
            continue;
        set_ranks_per_node(world.size / nodes);
        TRY(spine_grid_init(&grid, &world, &wish, &err));
        if (!grid.is_idle)
            assert_int_equal(grid.node.size, 1);
        check_places(&grid);
        spine_grid_dispose(&grid);
    }
    unsetenv("SPINE_RANKS_PER_NODE");
}

static void test_left_alone_a_node_is_a_group(void **state)
{
    (void)state;
    for (int per_node = 1; per_node <= world.size; per_node++) {
        const struct spine_grid_wish wish = {.most_groups = 100, .most_columns = 100};
        const struct spine_grid_wish small = {.most_groups = 1, .most_columns = 1};
        const int nodes = (world.size + per_node - 1) / per_node;
        const int least = world.size % per_node == 0 ? per_node : world.size % per_node;
        struct spine_grid grid;
        set_ranks_per_node(per_node);
        TRY(spine_grid_init(&grid, &world, &wish, &err));
        assert_int_equal(grid.columns, least);
        assert_true(grid.groups <= nodes && 2 * grid.groups > nodes);
        assert_int_equal(grid.groups & (grid.groups - 1), 0);
        check_places(&grid);
        spine_grid_dispose(&grid);
        TRY(spine_grid_init(&grid, &world, &small, &err));
        assert_int_equal(grid.groups * grid.columns, 1);
        check_places(&grid);
        spine_grid_dispose(&grid);
    }
    unsetenv("SPINE_RANKS_PER_NODE");
}

static void test_what_does_not_fit_is_refused(void **state)
{
    (void)state;
    const struct spine_grid_wish many = {.groups = world.size + 1, .columns = 1};
    const struct spine_grid_wish wide = {.groups = 1, .columns = world.size + 1};
    const struct spine_grid_wish most = {.groups = 999999, .columns = 999999};
    struct spine_grid grid;
    EXPECT_REFUSED(spine_grid_init(&grid, &world, &many, &err),
                   "parallel.grid: %dx1 needs %d ranks, and there is 1 host with %d rank%s each",
                   world.size + 1, world.size + 1, world.size, world.size == 1 ? "" : "s");
    EXPECT_REFUSED(spine_grid_init(&grid, &world, &wide, &err),
                   "parallel.grid: 1x%d needs %d ranks, and there is 1 host with %d rank%s each",
                   world.size + 1, world.size + 1, world.size, world.size == 1 ? "" : "s");
    EXPECT_REFUSED(
        spine_grid_init(&grid, &world, &most, &err),
        "parallel.grid: 999999x999999 needs 999998000001 ranks, and there is 1 host with "
        "%d rank%s each",
        world.size, world.size == 1 ? "" : "s");
    if (world.size < 3)
        return;
    set_ranks_per_node(world.size - 1); /* the other host has one rank */
    EXPECT_REFUSED(
        spine_grid_init(&grid, &world, &(struct spine_grid_wish){.groups = 1, .columns = 3}, &err),
        "parallel.grid: 1x3 needs 3 ranks, and there are 2 hosts with 1 usable rank each (the "
        "smallest has no more)");
    unsetenv("SPINE_RANKS_PER_NODE");
    if (world.size > 3) {
        set_ranks_per_node(2);
        EXPECT_REFUSED(
            spine_grid_init(&grid, &world, &(struct spine_grid_wish){.groups = 3, .columns = 1},
                            &err),
            "parallel.grid: 3x1: 3 row groups of 1 rank can't be divided evenly among 2 hosts with "
            "2 ranks each");
        EXPECT_REFUSED(
            spine_grid_init(&grid, &world, &(struct spine_grid_wish){.groups = 1, .columns = 3},
                            &err),
            "parallel.grid: 1x3: the 3 ranks of a row group can't be divided evenly among 2 hosts "
            "with 2 ranks each");
        unsetenv("SPINE_RANKS_PER_NODE");
        return;
    }
    set_ranks_per_node(1);
    EXPECT_REFUSED(
        spine_grid_init(&grid, &world, &(struct spine_grid_wish){.groups = 2, .columns = 2}, &err),
        "parallel.grid: 2x2 needs 4 hosts with 1 rank each, and there are 3 hosts with "
        "1 rank each");
    unsetenv("SPINE_RANKS_PER_NODE");
}

int run_grid(const struct spine_comm *comm)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_wished_grid_is_made),
        cmocka_unit_test(test_a_group_spans_hosts),
        cmocka_unit_test(test_spread_groups_have_hosts_of_their_own),
        cmocka_unit_test(test_left_alone_a_node_is_a_group),
        cmocka_unit_test(test_what_does_not_fit_is_refused),
    };
    world = *comm;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
