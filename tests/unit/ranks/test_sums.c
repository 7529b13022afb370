/* test_sums.c -- sums that go on while the ranks compute. Run on several numbers of ranks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include <time.h>

#include "spine/base/random.h"
#include "spine/ranks/sums.h"
#include "support/ranks.h"

/* Small whole numbers, so that sums of any order are exact. */
static float value_of(int rank, size_t i, size_t round)
{
    return (float)((i * 7 + (size_t)rank * 13 + round * 3) % 101);
}

static float sum_of(size_t i, size_t round)
{
    float sum = 0;
    for (int rank = 0; rank < world.size; rank++)
        sum += value_of(rank, i, round);
    return sum;
}

static void fill(struct spine_sums *sums, size_t first, size_t count, size_t round)
{
    for (size_t i = first; i < first + count; i++)
        sums->block[i] = value_of(world.rank, i, round);
}

static void assert_summed(const struct spine_sums *sums, size_t first, size_t count, size_t round)
{
    for (size_t i = first; i < first + count; i++)
        if (sums->block[i] != sum_of(i, round))
            fail_msg("element %zu of round %zu is %g, expected %g", i, round,
                     (double)sums->block[i], (double)sum_of(i, round));
}

/* Come late, by up to a millisecond, differently on every rank and round. */
static void dawdle(size_t round)
{
    const uint32_t late = spine_random_below(5, (uint32_t)round, (uint32_t)world.rank, 0, 1000000);
    const struct timespec time = {0, (long)late};
    nanosleep(&time, NULL);
}

/* How many ranks are taken for a node: all that share memory, 1, 2. */
static const int nodes[] = {0, 1, 2};

static void test_a_sum_is_that_of_all_ranks(void **state)
{
    (void)state;
    static const size_t counts[] = {1, 2, 5, 1000, 100003};
    for (size_t n = 0; n < sizeof nodes / sizeof *nodes; n++)
        for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
            struct spine_sums sums;
            struct spine_error err;
            assert_int_equal(spine_sums_init(&sums, &world, counts[c], nodes[n], &err), 0);
            assert_int_equal((uintptr_t)sums.block % 64, 0);
            fill(&sums, 0, counts[c], c);
            double span[2];
            spine_sums_wait(&sums, spine_sums_begin(&sums, 0, counts[c]), span);
            assert_true(span[0] <= span[1]);
            assert_summed(&sums, 0, counts[c], c);
            spine_sums_dispose(&sums);
        }
}

static void test_sums_under_way_do_not_disturb_one_another(void **state)
{
    (void)state;
    enum { PARTS = 5, PART = 1001, ROUNDS = 40 };
    for (size_t n = 0; n < sizeof nodes / sizeof *nodes; n++) {
        struct spine_sums sums;
        struct spine_error err;
        assert_int_equal(spine_sums_init(&sums, &world, (size_t)PARTS * PART, nodes[n], &err), 0);
        for (size_t round = 0; round < ROUNDS; round++) {
            int tickets[PARTS];
            for (size_t part = 0; part < PARTS; part++) {
                if (part == round % PARTS)
                    dawdle(round);
                fill(&sums, part * PART, PART, round);
                tickets[part] = spine_sums_begin(&sums, part * PART, PART);
                spine_sums_progress(&sums);
            }
            for (size_t part = 0; part < PARTS; part++) {
                spine_sums_wait(&sums, tickets[part], NULL);
                assert_summed(&sums, part * PART, PART, round);
            }
        }
        assert_true(sums.waited >= 0);
        spine_sums_dispose(&sums);
    }
}

static void test_every_rank_has_the_same_bits(void **state)
{
    (void)state;
    enum { COUNT = 777 };
    const float zero[COUNT] = {0};
    for (size_t n = 0; n < sizeof nodes / sizeof *nodes; n++) {
        struct spine_sums sums;
        struct spine_error err;
        float first[COUNT];
        assert_int_equal(spine_sums_init(&sums, &world, COUNT, nodes[n], &err), 0);
        spine_random_add_noise(9, 0, (uint64_t)world.rank, 1, COUNT, zero, sums.block);
        spine_sums_wait(&sums, spine_sums_begin(&sums, 0, COUNT), NULL);
        memcpy(first, sums.block, sizeof first);
        spine_comm_broadcast(&world, first, sizeof first);
        assert_memory_equal(first, sums.block, sizeof first);
        spine_sums_dispose(&sums);
    }
}

int run_sums(const struct spine_comm *comm)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_sum_is_that_of_all_ranks),
        cmocka_unit_test(test_sums_under_way_do_not_disturb_one_another),
        cmocka_unit_test(test_every_rank_has_the_same_bits),
    };
    world = *comm;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
