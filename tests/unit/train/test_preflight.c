/* test_preflight.c -- a bad place for a run is told from a good one, by made-up facts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "spine/train/preflight.h"
#include "support/expect.h"

enum { MOST_RANKS = 64 };

static struct spine_rank_facts ranks[MOST_RANKS];
static struct spine_run_facts run;

/* 'hosts' hosts n1, n2, ... of 'cores' cores with so many ranks each, one after the other, not
 * bound, all well. */
static void put_ranks(int hosts, int each, int cores)
{
    memset(ranks, 0, sizeof ranks);
    for (int rank = 0; rank < hosts * each; rank++) {
        struct spine_rank_facts *facts = &ranks[rank];
        snprintf(facts->machine.host, sizeof facts->machine.host, "n%d", rank / each + 1);
        snprintf(facts->machine.processor, sizeof facts->machine.processor, "Fast 9000");
        snprintf(facts->blas, sizeof facts->blas, "OpenBLAS");
        snprintf(facts->kernels, sizeof facts->kernels, "AVX2");
        facts->blas_threads = 1;
        facts->machine.host_cores = facts->machine.num_cores = cores;
        facts->machine.cores[0] = (UINT64_C(1) << cores) - 1;
    }
    run = (struct spine_run_facts){
        .directory = "run", .filesystem = {"local", 0, 1, 1}, .hdf5_locks = 1};
}

static void bind(int rank, int first, int count)
{
    ranks[rank].machine.num_cores = count;
    ranks[rank].machine.cores[0] = ((UINT64_C(1) << count) - 1) << first;
}

/* The warnings about 'size' ranks are just these, which NULL ends; only their beginnings count. */
static void assert_warnings(int size, const char *const *expected)
{
    struct spine_words warnings = {0};
    TRY(spine_preflight_check(ranks, size, &run, &warnings, &err));
    size_t count = 0;
    for (; expected[count] != NULL; count++) {
        assert_true(count < warnings.count);
        if (strncmp(spine_words_get(&warnings, count), expected[count], strlen(expected[count])))
            assert_string_equal(spine_words_get(&warnings, count), expected[count]);
    }
    if (warnings.count > count)
        fail_msg("also: %s", spine_words_get(&warnings, count));
    spine_words_dispose(&warnings);
}

#define ASSERT_WARNINGS(size, ...) assert_warnings((size), (const char *const[]){__VA_ARGS__, NULL})
#define ASSERT_QUIET(size) assert_warnings((size), (const char *const[]){NULL})

static void assert_described(int size, const char *expected)
{
    char text[128];
    spine_preflight_describe(ranks, size, text, sizeof text);
    assert_string_equal(text, expected);
}

static void test_a_good_place_is_described_and_nothing_else(void **state)
{
    (void)state;
    put_ranks(1, 1, 4);
    assert_described(1, "1 host with 1 rank, not bound");
    ASSERT_QUIET(1);
    put_ranks(4, 16, 16);
    assert_described(64, "4 hosts with 16 ranks each, not bound");
    assert_described(50, "4 hosts with 2 to 16 ranks, not bound");
    ASSERT_QUIET(64);
    for (int rank = 0; rank < 64; rank++)
        bind(rank, rank % 16, 1);
    assert_described(64, "4 hosts with 16 ranks each, each rank bound to 1 core");
    ASSERT_QUIET(64);
    put_ranks(2, 2, 16);
    for (int rank = 0; rank < 4; rank++)
        bind(rank, 8 * (rank % 2), 8);
    assert_described(4, "2 hosts with 2 ranks each, each rank bound to 8 cores");
    bind(3, 8, 4);
    assert_described(4, "2 hosts with 2 ranks each, 4 of them bound");
    ASSERT_QUIET(4);
}

static void test_a_host_is_described_alone(void **state)
{
    (void)state;
    char text[128];
    put_ranks(2, 5, 4);
    spine_preflight_describe_host(ranks + 5, 5, text, sizeof text);
    assert_string_equal(text, "5 ranks (more than cores), not bound");
    bind(5, 0, 1);
    spine_preflight_describe_host(ranks + 5, 1, text, sizeof text);
    assert_string_equal(text, "1 rank, bound to 1 core");
}

static void test_more_ranks_than_cores_are_seen(void **state)
{
    (void)state;
    put_ranks(1, 5, 4);
    assert_described(5, "1 host with 5 ranks (more than cores), not bound");
    ASSERT_QUIET(5); /* done on purpose */
    put_ranks(1, 5, 0);
    assert_described(5, "1 host with 5 ranks, not bound"); /* nothing is known of its cores */
    ASSERT_QUIET(5);
}

static void test_ranks_bound_to_one_core_are_seen(void **state)
{
    (void)state;
    put_ranks(2, 4, 8);
    for (int rank = 0; rank < 8; rank++)
        bind(rank, rank % 4, 1);
    bind(6, 1, 1); /* with rank 5, on n2; rank 1 has core 1 of n1 */
    ASSERT_WARNINGS(8, "2 ranks on n2 are bound to the same core and share it; give each its own "
                       "core (mpirun --map-by core --bind-to core; ");
    for (int rank = 0; rank < 4; rank++)
        bind(rank, 2, 2);
    ASSERT_WARNINGS(8, "4 ranks on n1 are bound to the same 2 cores and share them; ");
    bind(0, 0, 2);
    bind(1, 0, 2); /* two and two */
    bind(6, 2, 1);
    ASSERT_QUIET(8);
}

static void test_another_job_on_the_same_core_is_seen(void **state)
{
    (void)state;
    put_ranks(2, 2, 4);
    for (int rank = 0; rank < 4; rank++) {
        bind(rank, rank % 2, 1);
        ranks[rank].process = 100 + rank % 2; /* hosts number them for themselves */
    }
    ranks[3].num_rivals = 1;
    ranks[3].rivals[0] = 100; /* rank 2 */
    ASSERT_QUIET(4);

    ranks[3].num_rivals = 2;
    ranks[3].rivals[1] = 555;
    ASSERT_WARNINGS(4, "rank 3 on n2 is bound to a core that another job is bound to, too (process "
                       "555), and shares it; ");
}

static void test_too_many_threads_are_seen(void **state)
{
    (void)state;
    put_ranks(2, 4, 8);
    for (int rank = 4; rank < 8; rank++)
        ranks[rank].blas_threads = 2;
    ASSERT_QUIET(8); /* as many as cores */
    for (int rank = 4; rank < 8; rank++)
        ranks[rank].blas_threads = 3;
    ASSERT_WARNINGS(8, "4 ranks on n2 with 3 BLAS threads each, but only 8 cores; set "
                       "OPENBLAS_NUM_THREADS=1");
    put_ranks(1, 1, 2);
    ranks[0].blas_threads = 4;
    ASSERT_WARNINGS(1, "1 rank on n1 with 4 BLAS threads, but only 2 cores; ");
}

static void test_different_processors_are_seen(void **state)
{
    (void)state;
    put_ranks(3, 2, 8);
    strcpy(ranks[4].machine.processor, "Slow 10");
    strcpy(ranks[4].kernels, "generic");
    strcpy(ranks[5].machine.processor, "Slow 10");
    ASSERT_WARNINGS(6, "the ranks' processors differ: n1 has Fast 9000 (AVX2; OpenBLAS), n3 has "
                       "Slow 10 (generic; OpenBLAS); ");
    ASSERT_QUIET(4);
}

static void test_a_disk_without_locks_is_seen(void **state)
{
    (void)state;
    put_ranks(1, 1, 2);
    run.filesystem = (struct spine_filesystem){"NFS", 1, 1, 1};
    ASSERT_QUIET(1);
    run.filesystem.locks = 0;
    ASSERT_WARNINGS(1, "run is on a file system (NFS) that can't lock files, so nothing stops a "
                       "second run from writing to it; choose another output.directory, or "
                       "set HDF5_USE_FILE_LOCKING=FALSE, ");
    run.hdf5_locks = 0;
    ASSERT_WARNINGS(1, "run is on a file system (NFS) that can't lock files, so nothing stops a "
                       "second run from writing to it; choose another output.directory");
}

static void test_a_directory_that_cant_be_written_to_is_seen(void **state)
{
    (void)state;
    put_ranks(1, 1, 2);
    run.filesystem.is_writable = 0;
    ASSERT_WARNINGS(1, "output.directory: run can't be written to; choose another, ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_good_place_is_described_and_nothing_else),
        cmocka_unit_test(test_a_host_is_described_alone),
        cmocka_unit_test(test_more_ranks_than_cores_are_seen),
        cmocka_unit_test(test_ranks_bound_to_one_core_are_seen),
        cmocka_unit_test(test_another_job_on_the_same_core_is_seen),
        cmocka_unit_test(test_too_many_threads_are_seen),
        cmocka_unit_test(test_different_processors_are_seen),
        cmocka_unit_test(test_a_disk_without_locks_is_seen),
        cmocka_unit_test(test_a_directory_that_cant_be_written_to_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
