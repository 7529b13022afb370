/* test_chain.c -- the hosts of a row group exchange rows and candidates; each rank is a host. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "spine/train/chain.h"
#include "support/expect.h"
#include "support/ranks.h"

enum { K = 3, STRIDE = 16, HIDDEN = 48 };

/* One group on all ranks. */
static void make_grid(struct spine_grid *grid)
{
    const struct spine_grid_wish wish = {.groups = 1, .columns = world.size};

    setenv("SPINE_RANKS_PER_NODE", "1", 1);
    TRY(spine_grid_init(grid, &world, &wish, &err));
    unsetenv("SPINE_RANKS_PER_NODE");
    assert_int_equal(grid->hosts, world.size);
}

/* A rank has one row only, as with batches of fewer rows than a host has ranks. */
static const struct spine_chain_extent one_row = {
    .rows = 1, .stride = STRIDE, .share = STRIDE, .pairs = K, .counts = 1};

/* Exchange 'count' candidates of this rank, the largest on the last one, and return the cut. */
static struct spine_cut find_cut(size_t count)
{
    struct spine_cut cut = {.value = -1};
    struct spine_scratch scratch;
    struct spine_chain chain;
    struct spine_grid grid;

    make_grid(&grid);
    TRY(spine_chain_init(&chain, &grid, &one_row, &err));
    TRY(spine_scratch_init(&scratch, SPINE_BLOCK_ROWS, HIDDEN, STRIDE, &err));
    struct spine_pair *pairs = spine_chain_begin_pairs(&chain, 1, K);
    for (size_t p = 0; p < count; p++) {
        const int32_t unit = (int32_t)(world.rank * K + (int)p);
        pairs[p] = (struct spine_pair){.value = (float)unit + 1, .unit = unit};
    }
    spine_chain_exchange_pairs(&chain, 1, K);
    spine_chain_cut(&chain, 1, K, &scratch, &cut);

    spine_scratch_dispose(&scratch);
    spine_chain_dispose(&chain);
    spine_grid_dispose(&grid);
    return cut;
}

static void test_more_hosts_than_rows_of_a_rank_find_its_cut(void **state)
{
    (void)state;
    if (world.size == 1)
        return;
    const struct spine_cut cut = find_cut(K);
    for (int unit = 0; unit < world.size * K; unit++)
        assert_int_equal(spine_cut_keeps(cut, (float)unit + 1, unit), unit >= (world.size - 1) * K);
}

static void test_few_candidates_leave_the_cut_of_each_host(void **state)
{
    (void)state;
    if (world.size == 1 || world.size > K)
        return;
    assert_true(find_cut(1).value == -1);
}

static void test_too_long_messages_are_refused(void **state)
{
    (void)state;
    static const struct spine_chain_extent extents[] = {
        {.rows = (size_t)1 << 24, .stride = STRIDE},
        {.stride = STRIDE, .share = ((size_t)1 << 28) + 1},
        {.stride = STRIDE, .pairs = ((size_t)1 << 27) + 1}};
    struct spine_chain chain;
    struct spine_grid grid;

    make_grid(&grid);
    for (size_t i = 0; world.size > 1 && i < sizeof extents / sizeof *extents; i++) {
        EXPECT_REFUSED(spine_chain_init(&chain, &grid, &extents[i], &err),
                       "parallel.grid: a batch is too large for row groups of %d hosts with so few "
                       "ranks; set it to auto, lower train.batch_size, model.k or model.aux_k, or "
                       "use more ranks a host",
                       world.size);
        spine_chain_dispose(&chain);
    }
    spine_grid_dispose(&grid);
}

static void test_rows_under_way_are_dropped_or_copied(void **state)
{
    (void)state;
    float clean[4 * STRIDE] = {0};
    uint64_t number[4] = {0};
    const size_t own = (size_t)world.rank;
    struct spine_chain chain;
    struct spine_grid grid;

    make_grid(&grid);
    TRY(spine_chain_init(&chain, &grid, &one_row, &err));
    clean[own * STRIDE] = (float)own + 1;
    number[own] = 100 + own;
    spine_chain_send_rows(&chain, &own, 1, clean, number);
    spine_chain_receive_rows(&chain, NULL, NULL);
    for (size_t r = 0; r < 4; r++)
        assert_int_equal(number[r], r == own ? 100 + r : 0);

    spine_chain_send_rows(&chain, &own, 1, clean, number);
    spine_chain_receive_rows(&chain, clean, number);
    for (size_t r = 0; r < (size_t)world.size; r++) {
        assert_int_equal(number[r], 100 + r);
        assert_true(clean[r * STRIDE] == (float)r + 1);
    }

    spine_chain_send_rows(&chain, &own, 1, clean, number);
    spine_chain_dispose(&chain);
    spine_grid_dispose(&grid);
}

static void test_all_pieces_travel_around(void **state)
{
    (void)state;
    const struct spine_chain_extent extent = {
        .rows = 1, .stride = STRIDE, .share = 2 * SPINE_CHAIN_PIECES, .pairs = 1, .counts = 1};
    const int next = (world.rank + 1) % world.size;
    const int before = (world.rank + world.size - 1) % world.size;
    size_t floats[SPINE_CHAIN_PIECES];
    struct spine_chain chain;
    struct spine_grid grid;

    if (world.size == 1)
        return;
    make_grid(&grid);
    TRY(spine_chain_init(&chain, &grid, &extent, &err));
    for (size_t p = 0; p < SPINE_CHAIN_PIECES; p++)
        floats[p] = p % 3; /* some are empty */
    spine_chain_begin(&chain, floats, SPINE_CHAIN_PIECES);

    for (size_t p = 0; p < SPINE_CHAIN_PIECES; p++) {
        const float value = (float)(1000 * world.rank) + (float)p;
        spine_chain_expect(&chain, SPINE_CHAIN_Y, p, before);
        for (size_t i = 0; i < floats[p]; i++)
            spine_chain_copy(1, &value, spine_chain_place(&chain, p) + i);
        spine_chain_send(&chain, SPINE_CHAIN_Y, p, next, spine_chain_place(&chain, p));
    }
    for (size_t p = 0; p < SPINE_CHAIN_PIECES; p++) {
        const float *found = spine_chain_await(&chain, SPINE_CHAIN_Y, p);
        for (size_t i = 0; i < floats[p]; i++)
            assert_true(found[i] == (float)(1000 * before) + (float)p);
    }

    spine_chain_end(&chain);
    spine_chain_dispose(&chain);
    spine_grid_dispose(&grid);
}

int run_chain(const struct spine_comm *comm)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_more_hosts_than_rows_of_a_rank_find_its_cut),
        cmocka_unit_test(test_few_candidates_leave_the_cut_of_each_host),
        cmocka_unit_test(test_too_long_messages_are_refused),
        cmocka_unit_test(test_rows_under_way_are_dropped_or_copied),
        cmocka_unit_test(test_all_pieces_travel_around),
    };
    world = *comm;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
