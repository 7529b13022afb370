/* test_comm.c -- what the ranks do together; run on several numbers of ranks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spine/ranks/comm.h"
#include "support/ranks.h"

static void test_sums_are_of_all_ranks_elements(void **state)
{
    (void)state;
    float floats[1000];
    double doubles[3];
    int64_t counts[2] = {world.rank == 0 ? INT64_C(1) << 62 : 1, -world.rank};
    for (size_t i = 0; i < 1000; i++)
        floats[i] = (float)(i * (size_t)(world.rank + 1));
    for (size_t i = 0; i < 3; i++)
        doubles[i] = world.rank + 0x1p-40 * (double)i;
    spine_comm_sum_floats(&world, floats, 1000);
    spine_comm_sum_doubles(&world, doubles, 3);
    spine_comm_sum_counts(&world, counts, 2);
    const size_t all = (size_t)world.size * (size_t)(world.size + 1) / 2; /* 1 + 2 + ... */
    for (size_t i = 0; i < 1000; i++)
        assert_true(floats[i] == (float)(i * all));
    for (size_t i = 0; i < 3; i++)
        assert_true(doubles[i] == (double)all - world.size + world.size * 0x1p-40 * (double)i);
    assert_true(counts[0] == (INT64_C(1) << 62) + world.size - 1);
    assert_true(counts[1] == world.size - (int64_t)all);
}

static void test_every_rank_gets_the_same_bits_of_a_sum(void **state)
{
    (void)state;
    enum { COUNT = 4099 };
    static float sums[COUNT], of_rank_0[COUNT];
    for (size_t i = 0; i < COUNT; i++)
        sums[i] = 1.0F / (float)(i + 1 + 7 * (size_t)world.rank);
    spine_comm_sum_floats(&world, sums, COUNT);
    memcpy(of_rank_0, sums, sizeof sums);
    spine_comm_broadcast(&world, of_rank_0, sizeof of_rank_0);
    assert_memory_equal(sums, of_rank_0, sizeof sums);
}

static void test_a_nan_on_one_rank_reaches_every_rank(void **state)
{
    (void)state;
    float value = world.rank == world.size - 1 ? (float)strtod("nan", NULL) : 1;
    spine_comm_sum_floats(&world, &value, 1);
    assert_true(value != value);
}

static void test_sums_of_nothing_do_nothing(void **state)
{
    (void)state;
    float value = 3;
    spine_comm_sum_floats(&world, &value, 0);
    spine_comm_sum_floats(&world, NULL, 0);
    assert_true(value == 3);
}

static void test_ranks_of_a_node_see_each_others_memory(void **state)
{
    (void)state;
    struct spine_comm node;
    struct spine_comm_memory memory;
    struct spine_error err;
    spine_comm_split_nodes(&world, &node);
    assert_int_equal(node.size, world.size); /* all of these run on one machine */
    assert_int_equal(spine_comm_map(&node, 100, &memory, &err), 0);
    for (int rank = 0; rank < node.size; rank++)
        assert_int_equal((uintptr_t)memory.base[rank] % 64, 0);
    memset(memory.base[node.rank], 'a' + node.rank, 100);
    spine_comm_barrier(&node);
    for (int rank = 0; rank < node.size; rank++)
        assert_int_equal(((char *)memory.base[rank])[99], 'a' + rank);
    spine_comm_unmap(&memory);
    spine_comm_unmap(&memory);
    spine_comm_dispose(&node);
}

static void test_max_is_the_greatest_of_all(void **state)
{
    (void)state;
    assert_int_equal(spine_comm_max(&world, world.rank * 10), (world.size - 1) * 10);
    assert_int_equal(spine_comm_max(&world, -world.rank - 1), -1);
    assert_true(spine_comm_max(&world, INT64_MIN) == INT64_MIN);
}

static void test_sum_before_counts_the_lower_ranks_only(void **state)
{
    (void)state;
    int64_t before = 0;
    for (int rank = 0; rank < world.rank; rank++)
        before += 5 + rank;
    assert_int_equal(spine_comm_sum_before(&world, 5 + world.rank), before);
}

static void test_broadcast_copies_rank_0s_bytes(void **state)
{
    (void)state;
    char text[33], expected[33];
    memset(text, 'a' + world.rank, sizeof text);
    memset(expected, 'a', sizeof expected);
    expected[32] = (char)('a' + world.rank); /* beyond what is sent */
    spine_comm_broadcast(&world, text, 32);
    assert_memory_equal(text, expected, sizeof text);
    spine_comm_broadcast(&world, NULL, 0);
}

/* The bytes of a rank in the gather of 'round': every rank has nothing in some round. */
static size_t share(int rank, int round)
{
    return (size_t)((rank + round) % 3) * 1000;
}

static void test_gather_appends_uneven_and_empty_blocks_in_rank_order(void **state)
{
    (void)state;
    for (int round = 0; round < 4; round++) {
        struct spine_error err;
        char mine[2000], *all = mine;
        size_t bytes = 99;
        memset(mine, 'A' + world.rank, sizeof mine);
        assert_int_equal(
            spine_comm_gather(&world, mine, share(world.rank, round), &all, &bytes, &err), 0);
        if (world.rank != 0) {
            assert_null(all);
            assert_int_equal(bytes, 0);
            continue;
        }
        size_t at = 0;
        for (int rank = 0; rank < world.size; rank++)
            for (size_t i = 0; i < share(rank, round); i++)
                assert_int_equal(all[at++], 'A' + rank);
        assert_int_equal(bytes, at);
        free(all);
    }
}

static void test_gather_of_nothing_at_all_still_gives_a_block_to_free(void **state)
{
    (void)state;
    struct spine_error err;
    char *all = NULL;
    size_t bytes = 99;
    assert_int_equal(spine_comm_gather(&world, NULL, 0, &all, &bytes, &err), 0);
    assert_int_equal(bytes, 0);
    assert_true((all != NULL) == (world.rank == 0));
    free(all);
}

static void test_route_brings_each_rank_what_is_for_it_in_rank_order(void **state)
{
    (void)state;
    struct spine_error err;
    const size_t size = (size_t)world.size;
    uint64_t *sizes = calloc(2 * size, sizeof *sizes), *received_sizes = sizes + size;
    char *mine = malloc(2000 * size), *received = NULL;
    size_t bytes = 0, at = 0;

    for (int to = 0; to < world.size; to++) {
        sizes[to] = share(world.rank + 2 * to, 0);
        memset(mine + bytes, 'A' + world.rank + to, sizes[to]);
        bytes += sizes[to];
    }
    assert_int_equal(spine_comm_route(&world, mine, sizes, &received, received_sizes, &err), 0);
    for (int from = 0; from < world.size; from++) {
        assert_int_equal(received_sizes[from], share(from + 2 * world.rank, 0));
        for (size_t i = 0; i < received_sizes[from]; i++)
            assert_int_equal(received[at++], 'A' + from + world.rank);
    }
    free(received);

    memset(sizes, 0, size * sizeof *sizes);
    assert_int_equal(spine_comm_route(&world, NULL, sizes, &received, received_sizes, &err), 0);
    assert_int_equal(received_sizes[size - 1], 0);
    assert_non_null(received);
    free(received);
    free(mine);
    free(sizes);
}

static void test_a_split_has_the_ranks_of_one_color_in_their_order(void **state)
{
    (void)state;
    struct spine_comm part;
    const int color = world.rank % 2;
    spine_comm_split(&world, color, &part);
    assert_int_equal(part.rank, world.rank / 2);
    assert_int_equal(part.size, (world.size + 1 - color) / 2);
    int64_t sum = world.rank, expected = 0;
    for (int rank = color; rank < world.size; rank += 2)
        expected += rank;
    spine_comm_sum_counts(&part, &sum, 1);
    assert_int_equal(sum, expected);
    spine_comm_dispose(&part);
    assert_true(part.handle == 0);
    spine_comm_dispose(&part);
}

static void test_agreeing_on_success_leaves_the_error_alone(void **state)
{
    (void)state;
    struct spine_error err = {.text = "untouched"};
    assert_int_equal(spine_comm_agree(&world, 0, &err), 0);
    assert_string_equal(err.text, "untouched");
}

/* The number in the job of a rank of the world, which may be a part of the job. */
static int job_number(int rank)
{
    const char *of_openmpi = getenv("OMPI_COMM_WORLD_RANK"), *of_mpich = getenv("PMI_RANK");
    const char *of_slurm = getenv("SLURM_PROCID");
    const char *text = of_openmpi != NULL ? of_openmpi : of_mpich != NULL ? of_mpich : of_slurm;

    if (text == NULL && world.size > 1)
        fail_msg("no variable of the launcher has the rank's number");
    if (text == NULL)
        text = "0";
    int number = (int)strtol(text, NULL, 10);

    spine_comm_broadcast_from(&world, rank, &number, sizeof number);
    return number;
}

static void test_one_failure_reaches_every_rank(void **state)
{
    (void)state;
    for (int bad = 0; bad < world.size; bad++) {
        struct spine_error err = {.text = "not mine"};
        char expected[64];
        int rc = 0;
        if (world.rank == bad)
            rc = spine_fail(&err, "disk %d is full", bad);
        assert_int_equal(spine_comm_agree(&world, rc, &err), -1);
        assert_int_equal(err.status, SPINE_EXIT_FAILED);
        if (world.size == 1) /* all ranks share it */
            snprintf(expected, sizeof expected, "disk 0 is full");
        else
            snprintf(expected, sizeof expected, "rank %d: disk %d is full", job_number(bad), bad);
        assert_string_equal(err.text, expected);
    }
}

static void test_the_lowest_of_several_failures_wins(void **state)
{
    (void)state;
    struct spine_error err = {0};
    char expected[64] = "rank 0's reason";
    const int first = world.size > 1 ? 1 : 0; /* all ranks but 0 fail */
    int rc = 0;
    if (world.rank >= first)
        rc = spine_fail(&err, "rank %d's reason", world.rank);
    assert_int_equal(spine_comm_agree(&world, rc, &err), -1);
    if (world.size > 1)
        snprintf(expected, sizeof expected, "rank %d: rank 1's reason", job_number(1));
    assert_string_equal(err.text, expected);
}

static void test_a_failure_of_a_part_names_the_rank_of_the_job_once(void **state)
{
    (void)state;
    struct spine_comm part;
    struct spine_error err = {0};
    char expected[64] = "no disk";
    const int number = job_number(0);
    int rc = 0;

    spine_comm_split_sorted(&world, 0, -world.rank, &part); /* rank 0 becomes the last */
    if (world.rank == 0)
        rc = spine_fail(&err, "no disk");
    assert_int_equal(spine_comm_agree(&part, rc, &err), -1);
    if (world.size > 1)
        snprintf(expected, sizeof expected, "rank %d: no disk", number);
    assert_string_equal(err.text, expected);
    rc = -(world.rank == 1); /* as if the part were one of several */
    assert_int_equal(spine_comm_agree(&world, rc, &err), -(world.size > 1));
    assert_string_equal(err.text, expected);
    spine_comm_dispose(&part);
}

static void test_a_failure_that_all_share_names_no_rank(void **state)
{
    (void)state;
    struct spine_error err = {0};
    assert_int_equal(
        spine_comm_agree(&world, spine_fail(&err, "no network (%d)", world.rank), &err), -1);
    assert_string_equal(err.text, "no network (0)");
}

static void test_what_the_user_can_mend_names_no_rank(void **state)
{
    (void)state;
    struct spine_error err = {0};
    int rc = 0;
    if (world.rank == world.size - 1)
        rc = spine_refuse(&err, "vectors.h5: No such file or directory");
    assert_int_equal(spine_comm_agree(&world, rc, &err), -1);
    assert_int_equal(err.status, SPINE_EXIT_REFUSED);
    assert_string_equal(err.text, "vectors.h5: No such file or directory");
}

static void test_a_long_text_is_cut_and_not_overrun(void **state)
{
    (void)state;
    struct spine_error err = {0};
    int rc = 0;
    if (world.rank == world.size - 1)
        rc = spine_fail(&err, "%02000d", 0);
    assert_int_equal(spine_comm_agree(&world, rc, &err), -1);
    assert_true(strlen(err.text) < sizeof err.text);
    assert_true(strlen(err.text) >= 1000);
}

static void test_the_library_says_its_name_on_one_line(void **state)
{
    (void)state;
    char text[256], tiny[4];
    spine_comm_library(text, sizeof text);
    assert_true(strlen(text) > 3);
    assert_null(strchr(text, '\n'));
    spine_comm_library(tiny, sizeof tiny);
    assert_memory_equal(tiny, text, 3);
    assert_int_equal(tiny[3], '\0');
}

int run_comm(const struct spine_comm *comm)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sums_are_of_all_ranks_elements),
        cmocka_unit_test(test_every_rank_gets_the_same_bits_of_a_sum),
        cmocka_unit_test(test_a_nan_on_one_rank_reaches_every_rank),
        cmocka_unit_test(test_sums_of_nothing_do_nothing),
        cmocka_unit_test(test_ranks_of_a_node_see_each_others_memory),
        cmocka_unit_test(test_max_is_the_greatest_of_all),
        cmocka_unit_test(test_sum_before_counts_the_lower_ranks_only),
        cmocka_unit_test(test_broadcast_copies_rank_0s_bytes),
        cmocka_unit_test(test_gather_appends_uneven_and_empty_blocks_in_rank_order),
        cmocka_unit_test(test_gather_of_nothing_at_all_still_gives_a_block_to_free),
        cmocka_unit_test(test_route_brings_each_rank_what_is_for_it_in_rank_order),
        cmocka_unit_test(test_a_split_has_the_ranks_of_one_color_in_their_order),
        cmocka_unit_test(test_agreeing_on_success_leaves_the_error_alone),
        cmocka_unit_test(test_one_failure_reaches_every_rank),
        cmocka_unit_test(test_the_lowest_of_several_failures_wins),
        cmocka_unit_test(test_a_failure_of_a_part_names_the_rank_of_the_job_once),
        cmocka_unit_test(test_a_failure_that_all_share_names_no_rank),
        cmocka_unit_test(test_what_the_user_can_mend_names_no_rank),
        cmocka_unit_test(test_a_long_text_is_cut_and_not_overrun),
        cmocka_unit_test(test_the_library_says_its_name_on_one_line),
    };
    world = *comm;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
