/* test_path.c -- the last component of a path, and its ending. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "spine/base/path.h"

static void test_the_name_follows_the_last_slash(void **state)
{
    (void)state;
    assert_string_equal(spine_path_name("/a/b/c.txt"), "c.txt");
    assert_string_equal(spine_path_name("c.txt"), "c.txt");
    assert_string_equal(spine_path_name("a/"), "");
    assert_string_equal(spine_path_name(""), "");
}

static void test_a_path_ends_in_its_last_bytes(void **state)
{
    (void)state;
    assert_true(spine_path_ends_in("a/b.npz", ".npz"));
    assert_true(spine_path_ends_in(".npz", ".npz"));
    assert_false(spine_path_ends_in("npz", ".npz"));
    assert_false(spine_path_ends_in("b.npz.gz", ".npz"));
    assert_false(spine_path_ends_in("b.NPZ", ".npz"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_name_follows_the_last_slash),
        cmocka_unit_test(test_a_path_ends_in_its_last_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
