/* test_stepmemory.c -- what a step takes, and which grids can exchange it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "spine/train/stepmemory.h"
#include "support/expect.h"

enum { ROWS = 100000, BATCH = 4096 };

static struct spine_grid make_grid(int groups, int columns, int hosts)
{
    return (struct spine_grid){.groups = groups,
                               .columns = columns,
                               .hosts = hosts,
                               .node_groups = 1,
                               .num_nodes = groups * hosts};
}

static int check(const struct spine_step_shape *shape, const struct spine_grid *grid)
{
    const struct spine_sharing sharing = {.batch_size = BATCH,
                                          .groups = grid->groups,
                                          .columns = grid->columns,
                                          .is_reproducible = true};
    return spine_step_memory_check(shape, ROWS, &sharing, grid, &err);
}

static void test_long_lists_of_candidates_are_refused_over_hosts(void **state)
{
    (void)state;
    const struct spine_step_shape shape = {.dim = 100, .hidden = 70000, .most_k = 65536};
    struct spine_grid grid = make_grid(1, 2, 2);

    EXPECT_REFUSED(check(&shape, &grid),
                   "parallel.grid: a batch is too large for row groups of 2 hosts with so few "
                   "ranks; set it to auto, lower train.batch_size, model.k or model.aux_k, or use "
                   "more ranks a host");
    grid = make_grid(1, 8, 2);
    TRY(check(&shape, &grid));
    grid = make_grid(1, 2, 1);
    TRY(check(&shape, &grid));
}

static void test_large_gradients_are_refused_between_groups(void **state)
{
    (void)state;
    const struct spine_step_shape shape = {.dim = 8192, .hidden = 131072};
    struct spine_grid grid = make_grid(2, 1, 1);

    EXPECT_REFUSED(check(&shape, &grid),
                   "parallel.grid: the gradients of so many units are too large to be summed "
                   "between 2 hosts with so few ranks; use one row group (1xC), or start more "
                   "ranks on each host");
    grid = make_grid(2, 8, 1);
    TRY(check(&shape, &grid));
    grid = make_grid(1, 2, 2);
    TRY(check(&shape, &grid));
}

static struct spine_step_bytes predict(int hosts, const struct spine_block_use *active)
{
    const struct spine_step_shape shape = {.dim = 10, .hidden = 4000, .optimizer = SPINE_ADAM};
    const struct spine_sharing sharing = {
        .batch_size = BATCH, .groups = 1, .columns = 2, .is_reproducible = true};
    const struct spine_grid grid = make_grid(1, 2, hosts);
    struct spine_partition part;

    TRY(spine_partition_init(&part, ROWS, &sharing, &err));
    const struct spine_step_bytes bytes = spine_step_bytes(&shape, &part, &grid, active, active);
    spine_partition_dispose(&part);
    return bytes;
}

static void test_a_host_has_the_pairs_of_its_units(void **state)
{
    (void)state;
    const struct spine_block_use active = {.density = 0.5};
    const size_t pairs = spine_block_bytes(BATCH, 2000, &active);

    assert_int_equal(predict(1, &active).node - predict(2, &active).node, pairs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_long_lists_of_candidates_are_refused_over_hosts),
        cmocka_unit_test(test_large_gradients_are_refused_between_groups),
        cmocka_unit_test(test_a_host_has_the_pairs_of_its_units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
