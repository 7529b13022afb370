/* test_openmpi.c -- what a process finds out about its launcher, and a job of one rank without
 * MPI. */
#include "spine/ranks/openmpi.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "spine/ranks/comm.h"

static const char plugins[] = "HWLOC_PLUGINS_BLACKLIST";

/* A launcher's, of which each rank has one. */
static const char *const variables[] = {
    "OMPI_COMM_WORLD_SIZE", "PMIX_RANK",   "PMIX_NAMESPACE", "PMI_RANK",          "SLURM_PROCID",
    "FLUX_TASK_RANK",       "PALS_RANKID", "ALPS_APP_PE",    "JSM_NAMESPACE_RANK"};
enum { VARIABLES = sizeof variables / sizeof *variables };

/* The tests may run in a job. */
static void forget_launcher(void)
{
    unsetenv("SPINE_OPENMPI");
    for (size_t i = 0; i < VARIABLES; i++)
        unsetenv(variables[i]);
}

static void test_a_process_without_launcher_is_alone(void **state)
{
    (void)state;

    assert_true(spine_openmpi_is_alone());
    for (size_t i = 0; i < VARIABLES; i++) {
        setenv(variables[i], "0", 1);
        assert_false(spine_openmpi_is_alone());
        unsetenv(variables[i]);
    }
    setenv("SPINE_OPENMPI", "0", 1);
    assert_false(spine_openmpi_is_alone());
    unsetenv("SPINE_OPENMPI");
}

static void
test_plugins_for_graphics_cards_are_left_out_unless_the_user_says_otherwise(void **state)
{
    (void)state;
    unsetenv(plugins);
    spine_openmpi_prepare();
    assert_non_null(strstr(getenv(plugins), "hwloc_cuda.so"));
    assert_null(strstr(getenv(plugins), "pci"));

    setenv(plugins, "mine", 1);
    spine_openmpi_prepare();
    assert_string_equal(getenv(plugins), "mine");
    unsetenv(plugins);

    setenv("SPINE_OPENMPI", "0", 1);
    spine_openmpi_prepare();
    assert_null(getenv(plugins));
    unsetenv("SPINE_OPENMPI");
}

static void test_a_job_of_one_rank_needs_no_mpi(void **state)
{
    (void)state;
    struct spine_comm world, part, node;
    struct spine_error err = {0};
    float sent[] = {1, 2}, received[2] = {0};
    char *all, *routed;
    size_t bytes;
    const uint64_t size = 3;
    uint64_t routed_size = 0;

    spine_comm_init(&world, NULL, NULL);
    assert_int_equal(world.size, 1);
    assert_int_equal(world.rank, 0);
    assert_int_equal(world.handle, 0);
    spine_comm_split(&world, 7, &part);
    spine_comm_split_nodes(&part, &node);
    assert_int_equal(part.size + node.size, 2);

    spine_comm_barrier(&node);
    spine_comm_barrier_sleeping(&node);
    spine_comm_broadcast(&node, sent, sizeof sent);
    assert_int_equal(spine_comm_max(&node, -5), -5);
    assert_int_equal(spine_comm_sum_before(&node, 5), 0);
    spine_comm_exchange(&node, sent, 2, received);
    assert_memory_equal(received, sent, sizeof sent);
    spine_comm_collect(&node, sent + 1, 1, received);
    assert_memory_equal(received, sent + 1, sizeof *sent);

    assert_int_equal(spine_comm_gather(&node, "abc", 3, &all, &bytes, &err), 0);
    assert_int_equal(bytes, 3);
    assert_memory_equal(all, "abc", 3);
    free(all);
    assert_int_equal(spine_comm_route(&node, "def", &size, &routed, &routed_size, &err), 0);
    assert_int_equal(routed_size, 3);
    assert_memory_equal(routed, "def", 3);
    free(routed);

    assert_int_equal(spine_comm_agree(&node, 0, &err), 0);
    assert_int_equal(spine_comm_agree(&node, spine_fail(&err, "no disk"), &err), -1);
    assert_string_equal(err.text, "no disk"); /* without the number of a rank */
    spine_comm_dispose(&node);
    spine_comm_dispose(&part);
    assert_int_equal(part.size, 0);
    spine_comm_finalize(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_process_without_launcher_is_alone),
        cmocka_unit_test(
            test_plugins_for_graphics_cards_are_left_out_unless_the_user_says_otherwise),
        cmocka_unit_test(test_a_job_of_one_rank_needs_no_mpi),
    };

    forget_launcher();
    if (spine_openmpi_shared_directory() == NULL) {
        puts("SKIPPED: this isn't Open MPI");
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
