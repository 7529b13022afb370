/* test_machine.c -- a process knows its cores, and the memory and disk space that are left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spine/ranks/machine.h"
#include "support/directory.h"

static void test_threads_of_a_core_are_one(void **state)
{
    (void)state;
    static const struct {
        const char *binding;
        int cores;
        uint64_t bits; /* by the first CPU of each core: 0, 2, 4, 6 */
        bool bound;
    } cases[] = {
        {"0-7", 4, 0x55, false}, {"0,2,4,6", 4, 0x55, false}, {"0", 1, 0x1, true},
        {"5", 1, 0x10, true},    {"4,5", 1, 0x10, true},      {"0-1,6-7", 2, 0x41, true},
        {"1,2", 2, 0x5, true},   {"1-2,5", 3, 0x15, true},    {"", 0, 0, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spine_machine machine;
        spine_machine_describe(&machine, "package:2 core:2 pu:2", cases[i].binding);
        assert_int_equal(machine.host_cores, 4);
        assert_int_equal(machine.num_cores, cases[i].cores);
        assert_int_equal(machine.cores[0], cases[i].bits);
        assert_int_equal(spine_machine_is_bound(&machine), cases[i].bound);
    }
}

static void test_without_cores_every_cpu_is_one(void **state)
{
    (void)state;
    struct spine_machine machine;
    spine_machine_describe(&machine, "pu:8", "2-4");
    assert_int_equal(machine.host_cores, 8);
    assert_int_equal(machine.num_cores, 3);
    assert_int_equal(machine.cores[0], 0x1c);
}

static void test_what_is_not_told_stays_unknown(void **state)
{
    (void)state;
    struct spine_machine machine;
    spine_machine_describe(&machine, "nonsense", "0");
    assert_int_equal(machine.host_cores, 0);
    assert_int_equal(machine.num_cores, 0);
    assert_false(spine_machine_is_bound(&machine));
    assert_string_equal(machine.processor, "");
    spine_machine_describe(&machine, "core:1030 pu:1", "0-1029");
    assert_int_equal(machine.host_cores, 1030);
    assert_int_equal(machine.num_cores, SPINE_MACHINE_CORES);
}

static void test_this_process_has_cores(void **state)
{
    (void)state;
    struct spine_machine machine;
    spine_machine_describe(&machine, NULL, NULL);
    assert_true(machine.host[0] != '\0');
    assert_in_range(machine.num_cores, 1, machine.host_cores);
}

static void assert_left(uint64_t expected)
{
    assert_int_equal(spine_machine_memory_left(directory.text), expected);
}

static void put_machine(const char *groups)
{
    put_below("proc/meminfo",
              "MemTotal: 9000 kB\nMemFree: 1 kB\nMemAvailable:    8000 kB\nMemX: 7 kB\n");
    put_below("proc/self/cgroup", groups);
}

static void test_nothing_known_is_no_limit(void **state)
{
    (void)state;
    assert_left(UINT64_MAX);
    put_below("proc/meminfo", "");
    put_below("proc/self/cgroup", "nonsense\n\n:\n0:\n0::\n7:memory:\n");
    assert_left(UINT64_MAX);
}

static void test_the_kernel_says_what_is_available(void **state)
{
    (void)state;
    put_machine("9:name=systemd:/\n4:cpu,cpuacct:/a\n0::/\n");
    assert_left(8000 * 1024);
}

static void test_a_group_limits_it(void **state)
{
    (void)state;
    put_machine("0::/a/b\n");
    put_below("sys/fs/cgroup/a/b/memory.max", "max\n");
    put_below("sys/fs/cgroup/a/b/memory.current", "400\n");
    assert_left(8000 * 1024);
    put_below("sys/fs/cgroup/a/b/memory.max", "1000\n");
    assert_left(600);
    /* The cache gives way. */
    put_below("sys/fs/cgroup/a/b/memory.stat",
              "anon 100\nfile 300\ninactive_file 150\nactive_file 50\n");
    assert_left(800);
    put_below("sys/fs/cgroup/a/b/memory.current", "4000\n");
    assert_left(0);
}

static void test_a_group_above_limits_it(void **state)
{
    (void)state;
    put_machine("0::/a/b\n");
    put_below("sys/fs/cgroup/a/b/memory.max", "1000\n");
    put_below("sys/fs/cgroup/a/b/memory.current", "400\n");
    put_below("sys/fs/cgroup/a/memory.max", "900\n");
    put_below("sys/fs/cgroup/a/memory.current", "400\n");
    assert_left(500);
    put_below("sys/fs/cgroup/memory.max", "30\n");
    put_below("sys/fs/cgroup/memory.current", "10\n");
    assert_left(20);
}

static void test_version_1_limits_it(void **state)
{
    (void)state;
    put_machine("5:hugetlb,memory:/job\n3:cpu:/job\n");
    put_below("sys/fs/cgroup/memory/job/memory.limit_in_bytes", "5000\n");
    put_below("sys/fs/cgroup/memory/job/memory.usage_in_bytes", "3000\n");
    put_below("sys/fs/cgroup/memory/job/memory.stat", "inactive_file 7\ntotal_inactive_file 100\n"
                                                      "total_active_file 20\n");
    assert_left(2120);
    /* "No limit" is a number beyond all memory. */
    put_below("sys/fs/cgroup/memory/job/memory.limit_in_bytes", "9223372036854771712\n");
    assert_left(8000 * 1024);
}

static void test_a_path_from_outside_the_container_is_passed_over(void **state)
{
    (void)state;
    put_machine("4:memory:/docker/0123\n");
    put_below("sys/fs/cgroup/memory/memory.limit_in_bytes", "5000\n");
    put_below("sys/fs/cgroup/memory/memory.usage_in_bytes", "1000\n");
    assert_left(4000);
}

static void test_disk_space_is_that_of_the_nearest_directory(void **state)
{
    (void)state;
    struct statvfs facts;
    const struct path deep = join_path(&directory, "not/yet/there");
    const uint64_t left = spine_machine_disk_left(deep.text);
    assert_int_equal(statvfs(directory.text, &facts), 0);
    /* Others write there too. */
    assert_true(left <= (uint64_t)facts.f_blocks * facts.f_frsize);
    assert_true(left > 0);
    assert_true(spine_machine_disk_left("not/yet/there") < UINT64_MAX);
    assert_true(spine_machine_disk_left("there") < UINT64_MAX);
    assert_true(spine_machine_disk_left("/there") < UINT64_MAX);
    assert_int_equal(spine_machine_disk_left("/proc"), UINT64_MAX);
}

static void test_describing_a_file_system_leaves_nothing(void **state)
{
    (void)state;
    static const char *const names[] = {"", "run", "a/b/c"};
    const struct path left = join_path(&directory, ".spine-lock-test"); /* by a killed process */

    close(open(left.text, O_CREAT | O_WRONLY, 0600));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct path path = join_path(&directory, names[i]);
        struct spine_filesystem filesystem;
        spine_machine_filesystem(path.text, &filesystem);
        assert_true(filesystem.is_writable);
        assert_true(filesystem.locks);
    }
    assert_int_equal(rmdir(directory.text), 0);
    struct spine_filesystem filesystem;
    spine_machine_filesystem("/proc/self", &filesystem);
    assert_string_equal(filesystem.name, "local");
}

static void test_rivals_are_bound_to_the_same_cpus(void **state)
{
    (void)state;
    cpu_set_t before, one;
    int32_t ids[4];
    int ready[2];
    char byte, name[16];
    snprintf(name, sizeof name, "rival-%d.", (int)getpid()); /* this test may also run elsewhere */
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    CPU_ZERO(&one);
    for (int cpu = 0; CPU_COUNT(&one) == 0; cpu++)
        if (CPU_ISSET(cpu, &before))
            CPU_SET(cpu, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one) | pipe(ready), 0);

    const pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_NAME, name);
        while (write(ready[1], "", 1) == 1)
            pause();
        _exit(1);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(spine_machine_rivals(name, ids, 4), 1);
    assert_int_equal(ids[0], child);
    assert_int_equal(spine_machine_rivals("no such name", ids, 4), 0);
    if (CPU_COUNT(&before) > 1) {
        assert_int_equal(sched_setaffinity(child, sizeof before, &before), 0);
        assert_int_equal(spine_machine_rivals(name, ids, 4), 0);
    }

    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(sched_setaffinity(0, sizeof before, &before), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rivals_are_bound_to_the_same_cpus),
        cmocka_unit_test(test_threads_of_a_core_are_one),
        cmocka_unit_test(test_without_cores_every_cpu_is_one),
        cmocka_unit_test(test_what_is_not_told_stays_unknown),
        cmocka_unit_test(test_this_process_has_cores),
        TEST(test_nothing_known_is_no_limit),
        TEST(test_the_kernel_says_what_is_available),
        TEST(test_a_group_limits_it),
        TEST(test_a_group_above_limits_it),
        TEST(test_version_1_limits_it),
        TEST(test_a_path_from_outside_the_container_is_passed_over),
        TEST(test_disk_space_is_that_of_the_nearest_directory),
        TEST(test_describing_a_file_system_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
