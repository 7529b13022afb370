/* test_path.c -- parts of a path, and paths that name the same file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

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

static void test_a_path_is_cut_to_its_directory(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"a/b/c", "a/b"}, {"/a", "/"}, {"/", "/"}, {"a", "."}, {"", "."}, {"a/", "a"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char path[8];
        snprintf(path, sizeof path, "%s", cases[i][0]);
        assert_string_equal(spine_path_cut_to_directory(path), cases[i][1]);
    }
}

static void test_two_spellings_of_a_path_name_the_same_file(void **state)
{
    (void)state;
    static const char directory[] = "path-test.d", file[] = "path-test.d/file";
    assert_true(mkdir(directory, 0777) == 0 || errno == EEXIST);
    FILE *made = fopen(file, "w");
    assert_non_null(made);
    fclose(made);

    assert_true(spine_path_are_same(file, "./path-test.d//file"));
    assert_true(spine_path_are_same(directory, "path-test.d/."));
    assert_false(spine_path_are_same(file, directory));
    assert_false(spine_path_are_same("path-test.d/none", "path-test.d/none"));

    assert_true(spine_path_lies_in("path-test.d/none", "./path-test.d/"));
    assert_true(spine_path_lies_in("path-test.d", "."));
    assert_false(spine_path_lies_in(file, "."));
    assert_false(spine_path_lies_in("path-test.none/a", "path-test.none"));

    assert_true(spine_path_are_beside("path-test.d/one", "./path-test.d/two"));
    assert_true(spine_path_are_beside("one", "./two"));
    assert_false(spine_path_are_beside("one", "path-test.d/one"));
    assert_false(spine_path_are_beside("path-test.none/a", "path-test.none/b"));

    unlink(file);
    rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_name_follows_the_last_slash),
        cmocka_unit_test(test_a_path_ends_in_its_last_bytes),
        cmocka_unit_test(test_a_path_is_cut_to_its_directory),
        cmocka_unit_test(test_two_spellings_of_a_path_name_the_same_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
