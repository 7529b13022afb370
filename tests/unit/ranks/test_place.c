/* test_place.c -- a process knows its cores, as the system's files tell them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "spine/ranks/place.h"
#include "support/directory.h"

/* A machine whose CPUs c and c + 4 are threads of a core, and what this process may use. */
static void put_machine(const char *allowed)
{
    char name[96], text[64];
    put_below("sys/devices/system/cpu/online", "0-7\n");
    for (int cpu = 0; cpu < 8; cpu++) {
        snprintf(name, sizeof name, "sys/devices/system/cpu/cpu%d/topology/thread_siblings_list",
                 cpu);
        snprintf(text, sizeof text, "%d,%d\n", cpu % 4, cpu % 4 + 4);
        put_below(name, text);
    }
    put_below("proc/cpuinfo", "processor\t: 0\nmodel name\t: Fast 9000 CPU @ 3 GHz\n");
    snprintf(text, sizeof text, "Name:\tx\nCpus_allowed:\tff\nCpus_allowed_list:\t%s\n", allowed);
    put_below("proc/self/status", text);
}

static void test_threads_of_a_core_are_one(void **state)
{
    (void)state;
    static const struct {
        const char *allowed;
        int cores;
        uint64_t bits;
        int bound;
    } cases[] = {
        {"0-7", 4, 0xf, 0}, {"0-3", 4, 0xf, 0},   {"0", 1, 0x1, 1},
        {"5", 1, 0x2, 1},   {"1,5", 1, 0x2, 1},   {"0-1,6-7", 4, 0xf, 0},
        {"2,3", 2, 0xc, 1}, {"1-2,5", 2, 0x6, 1}, {"", 0, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spine_place place;
        put_machine(cases[i].allowed);
        spine_place_look(&place, directory.text);
        assert_int_equal(place.host_cores, 4);
        assert_int_equal(place.num_cores, cases[i].cores);
        assert_int_equal(place.cores[0], cases[i].bits);
        assert_int_equal(spine_place_is_bound(&place), cases[i].bound);
        assert_string_equal(place.processor, "Fast 9000 CPU @ 3 GHz");
    }
}

static void test_what_is_not_told_stays_unknown(void **state)
{
    (void)state;
    struct spine_place place;
    spine_place_look(&place, directory.text);
    assert_int_equal(place.host_cores, 0);
    assert_int_equal(place.num_cores, 0);
    assert_false(spine_place_is_bound(&place));
    assert_string_equal(place.processor, "");
    put_below("sys/devices/system/cpu/online", "nonsense\n");
    put_below("proc/self/status", "Cpus_allowed_list:\t0-99999\n");
    spine_place_look(&place, directory.text);
    assert_int_equal(place.host_cores, 0);
    assert_int_equal(place.num_cores, SPINE_PLACE_CORES);
}

static void test_this_process_has_cores(void **state)
{
    (void)state;
    struct spine_place place;
    spine_place_look(&place, "");
    assert_true(place.host[0] != '\0');
    assert_in_range(place.num_cores, 1, place.host_cores);
}

static void test_a_look_at_the_disk_leaves_nothing(void **state)
{
    (void)state;
    static const char *const names[] = {"", "run", "a/b/c"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct path path = join_path(&directory, names[i]);
        struct spine_filesystem filesystem;
        spine_place_look_at_disk(path.text, &filesystem);
        assert_true(filesystem.is_writable);
        assert_true(filesystem.locks);
    }
    assert_int_equal(rmdir(directory.text), 0);
    struct spine_filesystem filesystem;
    spine_place_look_at_disk("/proc/self", &filesystem);
    assert_string_equal(filesystem.name, "local");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_threads_of_a_core_are_one),
        TEST(test_what_is_not_told_stays_unknown),
        cmocka_unit_test(test_this_process_has_cores),
        TEST(test_a_look_at_the_disk_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
