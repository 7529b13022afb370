/* test_room.c -- what is said of free memory and disk space is what the system's files say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "spine/ranks/room.h"
#include "support/directory.h"

static void assert_room(uint64_t expected)
{
    assert_int_equal(spine_room_memory(directory.text), expected);
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
    assert_room(UINT64_MAX);
    put_below("proc/meminfo", "");
    put_below("proc/self/cgroup", "nonsense\n\n:\n0:\n0::\n7:memory:\n");
    assert_room(UINT64_MAX);
}

static void test_the_kernel_says_what_is_available(void **state)
{
    (void)state;
    put_machine("9:name=systemd:/\n4:cpu,cpuacct:/a\n0::/\n");
    assert_room(8000 * 1024);
}

static void test_a_group_limits_it(void **state)
{
    (void)state;
    put_machine("0::/a/b\n");
    put_below("sys/fs/cgroup/a/b/memory.max", "max\n");
    put_below("sys/fs/cgroup/a/b/memory.current", "400\n");
    assert_room(8000 * 1024);
    put_below("sys/fs/cgroup/a/b/memory.max", "1000\n");
    assert_room(600);
    /* The cache gives way. */
    put_below("sys/fs/cgroup/a/b/memory.stat",
              "anon 100\nfile 300\ninactive_file 150\nactive_file 50\n");
    assert_room(800);
    put_below("sys/fs/cgroup/a/b/memory.current", "4000\n");
    assert_room(0);
}

static void test_a_group_above_limits_it(void **state)
{
    (void)state;
    put_machine("0::/a/b\n");
    put_below("sys/fs/cgroup/a/b/memory.max", "1000\n");
    put_below("sys/fs/cgroup/a/b/memory.current", "400\n");
    put_below("sys/fs/cgroup/a/memory.max", "900\n");
    put_below("sys/fs/cgroup/a/memory.current", "400\n");
    assert_room(500);
    put_below("sys/fs/cgroup/memory.max", "30\n");
    put_below("sys/fs/cgroup/memory.current", "10\n");
    assert_room(20);
}

static void test_version_1_limits_it(void **state)
{
    (void)state;
    put_machine("5:hugetlb,memory:/job\n3:cpu:/job\n");
    put_below("sys/fs/cgroup/memory/job/memory.limit_in_bytes", "5000\n");
    put_below("sys/fs/cgroup/memory/job/memory.usage_in_bytes", "3000\n");
    put_below("sys/fs/cgroup/memory/job/memory.stat", "inactive_file 7\ntotal_inactive_file 100\n"
                                                      "total_active_file 20\n");
    assert_room(2120);
    /* "No limit" is a number beyond all memory. */
    put_below("sys/fs/cgroup/memory/job/memory.limit_in_bytes", "9223372036854771712\n");
    assert_room(8000 * 1024);
}

static void test_a_path_from_outside_the_container_is_passed_over(void **state)
{
    (void)state;
    put_machine("4:memory:/docker/0123\n");
    put_below("sys/fs/cgroup/memory/memory.limit_in_bytes", "5000\n");
    put_below("sys/fs/cgroup/memory/memory.usage_in_bytes", "1000\n");
    assert_room(4000);
}

static void test_disk_space_is_that_of_the_nearest_directory(void **state)
{
    (void)state;
    struct statvfs facts;
    const struct path deep = join_path(&directory, "not/yet/there");
    const uint64_t room = spine_room_disk(deep.text);
    assert_int_equal(statvfs(directory.text, &facts), 0);
    /* Others write there too. */
    assert_true(room <= (uint64_t)facts.f_blocks * facts.f_frsize);
    assert_true(room > 0);
    assert_true(spine_room_disk("not/yet/there") < UINT64_MAX);
    assert_true(spine_room_disk("there") < UINT64_MAX);
    assert_true(spine_room_disk("/there") < UINT64_MAX);
    assert_int_equal(spine_room_disk("/proc"), UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_nothing_known_is_no_limit),
        TEST(test_the_kernel_says_what_is_available),
        TEST(test_a_group_limits_it),
        TEST(test_a_group_above_limits_it),
        TEST(test_version_1_limits_it),
        TEST(test_a_path_from_outside_the_container_is_passed_over),
        TEST(test_disk_space_is_that_of_the_nearest_directory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
