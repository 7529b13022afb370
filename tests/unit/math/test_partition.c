/* test_partition.c -- every row once an epoch, the same batches on any number of ranks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "spine/math/block.h"
#include "spine/math/partition.h"

static const struct {
    size_t rows, batch;
    int size;
    size_t window, stretch;
} cases[] = {
    {61, 8, 1, 0, 0},       {61, 8, 2, 0, 0},     {61, 8, 3, 0, 0},    {61, 8, 5, 0, 0},
    {61, 8, 8, 0, 0},       {64, 8, 3, 0, 0},     {7, 7, 7, 0, 0},     {7, 7, 2, 0, 0},
    {1, 1, 1, 0, 0},        {9, 2, 5, 0, 0},      {1000, 64, 7, 0, 0}, {1000, 999, 64, 0, 0},
    {17000, 64, 100, 0, 0}, {700, 300, 3, 0, 0},  {61, 8, 3, 4, 2},    {61, 8, 3, 8, 2},
    {1000, 64, 7, 6, 6},    {1000, 999, 3, 1, 1}, {1000, 7, 5, 31, 4}, {17000, 64, 9, 100, 13},
};

/* The share of rank 'rank' of 'size' in one group; with groups > 1, in that many. */
static struct spine_sharing share(size_t batch, int rank, int size, int groups)
{
    return (struct spine_sharing){.seed = 42,
                                  .batch_size = batch,
                                  .groups = groups,
                                  .columns = size / groups,
                                  .group = rank / (size / groups),
                                  .column = rank % (size / groups),
                                  .is_reproducible = true};
}

static void init_in(struct spine_partition *part, size_t rows, size_t batch, int rank, int size,
                    int groups)
{
    struct spine_error err;
    const struct spine_sharing sharing = share(batch, rank, size, groups);
    assert_int_equal(spine_partition_init(part, rows, &sharing, &err), 0);
}

static void init(struct spine_partition *part, size_t i, int rank, int size)
{
    struct spine_error err;
    struct spine_sharing sharing = share(cases[i].batch, rank, size, 1);
    sharing.window = cases[i].window;
    sharing.stretch = cases[i].stretch;
    assert_int_equal(spine_partition_init(part, cases[i].rows, &sharing, &err), 0);
}

/* The batch of one step by its slots, gathered over 'size' ranks of one group. */
static size_t gather(size_t i, int size, uint32_t epoch, size_t step, size_t *rows)
{
    size_t *own = malloc(cases[i].batch * sizeof *own),
           *slots = malloc(cases[i].batch * sizeof *slots);
    size_t total = 0;
    for (int rank = 0; rank < size; rank++) {
        struct spine_partition part;
        init(&part, i, rank, size);
        spine_partition_shuffle(&part, epoch);
        const size_t count = spine_partition_batch(&part, step, own, slots);
        for (size_t r = 0; r < count; r++) {
            assert_true(own[r] >= part.first_row && own[r] < part.end_row);
            assert_true(slots[r] / SPINE_BLOCK_ROWS < spine_partition_blocks(&part));
            assert_true(slots[r] % SPINE_BLOCK_ROWS <
                        spine_partition_block_rows(&part, slots[r] / SPINE_BLOCK_ROWS, step));
            rows[slots[r]] = own[r];
        }
        total += count;
        spine_partition_dispose(&part);
    }
    free(own);
    free(slots);
    return total;
}

static void test_ranks_own_all_rows_as_neighbouring_blocks(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t end = 0;
        for (int rank = 0; rank < cases[i].size; rank++) {
            struct spine_partition part;
            init(&part, i, rank, cases[i].size);
            assert_int_equal(part.first_row, end);
            assert_true(part.end_row >= part.first_row);
            end = part.end_row;
            spine_partition_dispose(&part);
        }
        assert_int_equal(end, cases[i].rows);
    }
}

static void test_every_row_once_an_epoch(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spine_partition part;
        init(&part, i, 0, 1);
        int *seen = calloc(cases[i].rows, sizeof *seen);
        size_t *rows = malloc(cases[i].batch * sizeof *rows);
        size_t *slots = malloc(cases[i].batch * sizeof *slots);
        spine_partition_shuffle(&part, 3);
        for (size_t step = 0; step < spine_partition_steps(&part); step++) {
            const size_t count = spine_partition_batch(&part, step, rows, slots);
            assert_int_equal(count, spine_partition_batch_rows(&part, step));
            assert_true(count > 0);
            for (size_t r = 0; r < count; r++)
                seen[rows[r]]++;
        }
        for (size_t r = 0; r < cases[i].rows; r++)
            assert_int_equal(seen[r], 1);
        free(rows);
        free(slots);
        free(seen);
        spine_partition_dispose(&part);
    }
}

static void test_batches_are_the_same_on_any_number_of_ranks(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const size_t slots = cases[i].batch + SPINE_BLOCK_ROWS;
        size_t *alone = calloc(slots, sizeof *alone), *together = calloc(slots, sizeof *together);
        for (uint32_t epoch = 0; epoch < 2; epoch++)
            for (size_t step = 0; step * cases[i].batch < cases[i].rows && step < 20; step++) {
                const size_t count = gather(i, 1, epoch, step, alone);
                assert_int_equal(gather(i, cases[i].size, epoch, step, together), count);
                assert_memory_equal(alone, together, slots * sizeof *alone);
            }
        free(alone);
        free(together);
    }
}

static void test_ranks_share_the_rows_evenly(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t least = SIZE_MAX, most = 0;
        for (int rank = 0; rank < cases[i].size; rank++) {
            struct spine_partition part;
            init(&part, i, rank, cases[i].size);
            const size_t rows = part.end_row - part.first_row;
            least = rows < least ? rows : least;
            most = rows > most ? rows : most;
            spine_partition_dispose(&part);
        }
        assert_true(most - least <= 1);
    }
}

/* All groups together have the blocks and leaves of one. */
static void test_groups_have_whole_leaves(void **state)
{
    (void)state;
    static const struct {
        size_t batch;
        int groups;
    } grids[] = {{64, 1}, {512, 3}, {512, 8}, {600, 2}, {4096, 5}, {4096, 16}, {1000, 7}};
    for (size_t g = 0; g < sizeof grids / sizeof *grids; g++) {
        struct spine_partition whole;
        size_t block = 0, row = 0;
        init_in(&whole, 9000, grids[g].batch, 0, 1, 1);
        assert_true((size_t)grids[g].groups <= spine_partition_most_groups(grids[g].batch, true));
        for (int group = 0; group < grids[g].groups; group++) {
            struct spine_partition part;
            init_in(&part, 9000, grids[g].batch, group, grids[g].groups, grids[g].groups);
            assert_int_equal(part.first_row, row);
            for (size_t b = 0; b < spine_partition_blocks(&part); b++, block++) {
                assert_int_equal(spine_partition_block_leaf(&part, b),
                                 spine_partition_block_leaf(&whole, block));
                for (size_t step = 0; step <= spine_partition_steps(&part); step++)
                    assert_int_equal(spine_partition_block_rows(&part, b, step),
                                     spine_partition_block_rows(&whole, block, step));
            }
            row = part.end_row;
            spine_partition_dispose(&part);
        }
        assert_int_equal(block, spine_partition_blocks(&whole));
        assert_int_equal(row, 9000);
        spine_partition_dispose(&whole);
    }
}

static void test_groups_that_need_not_be_reproducible_share_the_strata_evenly(void **state)
{
    (void)state;
    struct spine_error err;
    size_t stratum = 0;
    for (int group = 0; group < 7; group++) {
        const struct spine_sharing sharing = {
            .batch_size = 64, .groups = 7, .columns = 1, .group = group};
        struct spine_partition part;
        assert_int_equal(spine_partition_init(&part, 100, &sharing, &err), 0);
        assert_int_equal(part.first_stratum, stratum);
        stratum = part.end_stratum;
        assert_true(stratum - part.first_stratum == 9 || stratum - part.first_stratum == 10);
        assert_int_equal(spine_partition_block_leaf(&part, 0), group);
        spine_partition_dispose(&part);
    }
    assert_int_equal(stratum, 64);
}

/* Compare the bounds of a grid with what its ranks have. */
static void check_bounds(size_t rows, struct spine_sharing sharing)
{
    size_t most_strata = 0, most_rows = 0, strata, own;

    spine_partition_bound(rows, &sharing, &strata, &own);
    for (sharing.group = 0; sharing.group < sharing.groups; sharing.group++)
        for (sharing.column = 0; sharing.column < sharing.columns; sharing.column++) {
            struct spine_partition part;
            struct spine_error err;
            assert_int_equal(spine_partition_init(&part, rows, &sharing, &err), 0);
            const size_t found = part.end_stratum - part.first_stratum;
            most_strata = found > most_strata ? found : most_strata;
            if (spine_partition_most_rows(&part) > most_rows)
                most_rows = spine_partition_most_rows(&part);
            spine_partition_dispose(&part);
        }
    assert_int_equal(most_strata, strata);
    assert_true(most_rows <= own && own <= most_rows + 2);
}

static void test_bounds_hold_for_all_ranks_of_a_grid(void **state)
{
    (void)state;
    static const struct {
        size_t rows, batch;
        int groups, columns;
    } grids[] = {{61, 8, 1, 3},      {7, 7, 1, 9},      {1, 1, 1, 2},       {1000, 999, 1, 64},
                 {1900, 1000, 7, 5}, {9000, 512, 3, 1}, {9000, 4096, 5, 8}, {17000, 64, 1, 100}};

    for (size_t i = 0; i < sizeof grids / sizeof *grids; i++) {
        struct spine_sharing sharing = {.batch_size = grids[i].batch,
                                        .groups = grids[i].groups,
                                        .columns = grids[i].columns,
                                        .is_reproducible = true};
        check_bounds(grids[i].rows, sharing);
        sharing.is_reproducible = false;
        check_bounds(grids[i].rows, sharing);
    }
}

static void test_epochs_have_different_orders(void **state)
{
    (void)state;
    struct spine_partition part;
    init(&part, 10, 0, 1);
    uint32_t first[1000];
    memcpy(first, part.order, sizeof first);
    spine_partition_shuffle(&part, 1);
    assert_memory_not_equal(first, part.order, sizeof first);
    spine_partition_shuffle(&part, 0);
    assert_memory_equal(first, part.order, sizeof first);
    spine_partition_dispose(&part);
}

static void test_the_rows_of_a_window_are_those_of_few_runs(void **state)
{
    (void)state;
    enum { WINDOW = 12, STRETCH = 4, ROWS = 605, BATCH = 6 };
    struct spine_partition part;
    struct spine_error err;
    struct spine_sharing sharing = share(BATCH, 0, 1, 1);
    sharing.window = WINDOW;
    sharing.stretch = STRETCH;
    assert_int_equal(spine_partition_init(&part, ROWS, &sharing, &err), 0);
    assert_int_equal(spine_partition_window(&part), WINDOW);

    size_t neighbours = 0, before[WINDOW] = {0};
    for (uint32_t epoch = 0; epoch < 3; epoch++) {
        spine_partition_shuffle(&part, epoch);
        for (size_t first = 0; first < spine_partition_steps(&part); first += WINDOW) {
            size_t rows[WINDOW], batch[BATCH], slots[BATCH], stretches = 0;
            bool is_begun[ROWS / STRETCH + 1] = {false};
            spine_partition_upcoming(&part, 2, first, first + WINDOW, rows);
            for (size_t i = 0; i < WINDOW && rows[i] != SIZE_MAX; i++) {
                const size_t stretch = (rows[i] - 2 * ROWS / BATCH) / STRETCH;
                stretches += !is_begun[stretch];
                is_begun[stretch] = true;
                neighbours += i > 0 && rows[i] == rows[i - 1] + 1;
                if (spine_partition_batch(&part, first + i, batch, slots) == BATCH)
                    assert_int_equal(batch[2], rows[i]);
            }
            assert_true(stretches <= WINDOW / STRETCH + 1);
            assert_memory_not_equal(rows, before, sizeof rows);
            memcpy(before, rows, sizeof rows);
        }
    }
    assert_true(neighbours < 3 * 100 / 5); /* within a window, rows are shuffled */
    spine_partition_dispose(&part);
}

static void test_what_cannot_be_shared_is_refused(void **state)
{
    (void)state;
    struct spine_partition part;
    struct spine_error err;
    struct spine_sharing sharing = {
        .batch_size = 64, .groups = 1, .columns = 1, .is_reproducible = true};
    assert_int_equal(spine_partition_init(&part, 30, &sharing, &err), -1);
    assert_string_equal(err.text, "train.batch_size: a batch of 64 rows is more than the input's "
                                  "30; set it to 30 or less");
    assert_int_equal(err.status, SPINE_EXIT_REFUSED);
    sharing.groups = 2;
    assert_int_equal(spine_partition_init(&part, 100, &sharing, &err), -1);
    assert_string_equal(err.text,
                        "parallel.grid: a batch of 64 rows can't be divided into 2 row groups, 1 "
                        "at most; use fewer groups or set parallel.reproducible = no");
    assert_int_equal(err.status, SPINE_EXIT_REFUSED);
    sharing.is_reproducible = false;
    sharing.groups = 65;
    assert_int_equal(spine_partition_init(&part, 100, &sharing, &err), -1);
    assert_string_equal(err.text,
                        "parallel.grid: a batch of 64 rows can't be divided into 65 row groups, 64 "
                        "at most; use fewer groups");
    assert_null(part.order);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranks_own_all_rows_as_neighbouring_blocks),
        cmocka_unit_test(test_every_row_once_an_epoch),
        cmocka_unit_test(test_batches_are_the_same_on_any_number_of_ranks),
        cmocka_unit_test(test_ranks_share_the_rows_evenly),
        cmocka_unit_test(test_groups_have_whole_leaves),
        cmocka_unit_test(test_groups_that_need_not_be_reproducible_share_the_strata_evenly),
        cmocka_unit_test(test_bounds_hold_for_all_ranks_of_a_grid),
        cmocka_unit_test(test_epochs_have_different_orders),
        cmocka_unit_test(test_the_rows_of_a_window_are_those_of_few_runs),
        cmocka_unit_test(test_what_cannot_be_shared_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
