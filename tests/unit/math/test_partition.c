/* test_partition.c -- every row once an epoch, the same batches on any number of ranks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "spine/math/partition.h"

static const struct {
    size_t rows, batch;
    int size;
} cases[] = {
    {61, 8, 1}, {61, 8, 2}, {61, 8, 3}, {61, 8, 5},    {61, 8, 8},      {64, 8, 3},      {7, 7, 7},
    {7, 7, 2},  {1, 1, 1},  {9, 2, 2},  {1000, 64, 7}, {1000, 999, 64}, {17000, 64, 64},
};

static void init(struct spine_partition *part, size_t i, int rank, int size)
{
    struct spine_error err;
    assert_int_equal(
        spine_partition_init(part, 42, cases[i].rows, cases[i].batch, rank, size, &err), 0);
}

/* The batch of one step, gathered over 'size' ranks. */
static size_t gather(size_t i, int size, uint32_t epoch, size_t step, size_t *rows)
{
    size_t count = 0;
    for (int rank = 0; rank < size; rank++) {
        struct spine_partition part;
        init(&part, i, rank, size);
        spine_partition_shuffle(&part, epoch);
        count += spine_partition_batch(&part, step, rows + count);
        spine_partition_dispose(&part);
    }
    return count;
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
            assert_true(part.end_row > part.first_row);
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
        spine_partition_shuffle(&part, 3);
        for (size_t step = 0; step < spine_partition_steps(&part); step++) {
            const size_t count = spine_partition_batch(&part, step, rows);
            assert_int_equal(count, spine_partition_batch_rows(&part, step));
            assert_true(count > 0);
            for (size_t r = 0; r < count; r++)
                seen[rows[r]]++;
        }
        for (size_t r = 0; r < cases[i].rows; r++)
            assert_int_equal(seen[r], 1);
        free(rows);
        free(seen);
        spine_partition_dispose(&part);
    }
}

static void test_batches_are_the_same_on_any_number_of_ranks(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t *alone = malloc(cases[i].batch * sizeof *alone);
        size_t *together = malloc(cases[i].batch * sizeof *together);
        for (uint32_t epoch = 0; epoch < 2; epoch++)
            for (size_t step = 0; step * cases[i].batch < cases[i].rows && step < 20; step++) {
                const size_t count = gather(i, 1, epoch, step, alone);
                assert_int_equal(gather(i, cases[i].size, epoch, step, together), count);
                assert_memory_equal(alone, together, count * sizeof *alone);
            }
        free(alone);
        free(together);
    }
}

static void test_ranks_share_a_batch_evenly(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t least = SIZE_MAX, most = 0;
        for (int rank = 0; rank < cases[i].size; rank++) {
            struct spine_partition part;
            init(&part, i, rank, cases[i].size);
            const size_t rows = spine_partition_most_rows(&part);
            least = rows < least ? rows : least;
            most = rows > most ? rows : most;
            spine_partition_dispose(&part);
        }
        assert_true(most - least <= 1);
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

static void test_what_cannot_be_shared_is_refused(void **state)
{
    (void)state;
    struct spine_partition part;
    struct spine_error err;
    assert_int_equal(spine_partition_init(&part, 1, 30, 64, 0, 1, &err), -1);
    assert_string_equal(err.text, "train.batch_size: a batch of 64 rows is more than the input's "
                                  "30; set it to 30 or less");
    assert_int_equal(err.status, SPINE_EXIT_REFUSED);
    assert_int_equal(spine_partition_init(&part, 1, 30, 4, 4, 5, &err), -1);
    assert_string_equal(err.text, "train.batch_size: a batch of 4 rows can't be shared by 5 ranks; "
                                  "start at most 4 ranks or raise train.batch_size");
    assert_null(part.order);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranks_own_all_rows_as_neighbouring_blocks),
        cmocka_unit_test(test_every_row_once_an_epoch),
        cmocka_unit_test(test_batches_are_the_same_on_any_number_of_ranks),
        cmocka_unit_test(test_ranks_share_a_batch_evenly),
        cmocka_unit_test(test_epochs_have_different_orders),
        cmocka_unit_test(test_what_cannot_be_shared_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
