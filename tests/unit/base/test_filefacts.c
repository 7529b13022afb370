/* test_filefacts.c -- whether a file is another, as it was, or newer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "spine/base/filefacts.h"

static const struct stat file = {
    .st_dev = 1, .st_ino = 2, .st_size = 3, .st_mtim = {.tv_sec = 4, .tv_nsec = 5}};

static void test_a_file_is_its_number_on_its_device(void **state)
{
    (void)state;
    struct stat longer = file, number = file, device = file;
    longer.st_size++;
    number.st_ino++;
    device.st_dev++;
    assert_true(spine_filefacts_are_same(&file, &longer));
    assert_false(spine_filefacts_are_same(&file, &number));
    assert_false(spine_filefacts_are_same(&file, &device));
}

static void test_a_file_is_unchanged_with_the_same_number_size_and_time(void **state)
{
    (void)state;
    struct stat changed[5] = {file, file, file, file, file};
    changed[0].st_ino++;
    changed[1].st_size--;
    changed[2].st_mtim.tv_sec--;
    changed[3].st_mtim.tv_nsec++;
    changed[4].st_mtim.tv_nsec--;
    assert_true(spine_filefacts_unchanged(&file, &file));
    for (size_t i = 0; i < sizeof changed / sizeof *changed; i++)
        assert_false(spine_filefacts_unchanged(&changed[i], &file));
}

static void test_a_nanosecond_makes_a_file_newer(void **state)
{
    (void)state;
    struct stat nanosecond = file, second = file;
    nanosecond.st_mtim.tv_nsec++;
    second.st_mtim = (struct timespec){.tv_sec = file.st_mtim.tv_sec + 1};
    assert_false(spine_filefacts_is_newer(&file, &file));
    assert_true(spine_filefacts_is_newer(&nanosecond, &file));
    assert_false(spine_filefacts_is_newer(&file, &nanosecond));
    assert_true(spine_filefacts_is_newer(&second, &nanosecond));
    assert_false(spine_filefacts_is_newer(&nanosecond, &second));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_file_is_its_number_on_its_device),
        cmocka_unit_test(test_a_file_is_unchanged_with_the_same_number_size_and_time),
        cmocka_unit_test(test_a_nanosecond_makes_a_file_newer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
