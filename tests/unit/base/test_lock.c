/* test_lock.c -- a lock keeps other processes out until its holder gives it up or ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "spine/base/lock.h"
#include "support/directory.h"

/* What another process finds out about the file: whether it can take the lock. */
static enum spine_lock_outcome try_elsewhere(const char *path)
{
    const pid_t child = fork();
    if (child == 0)
        _exit((int)spine_lock_take(spine_lock_open(path), 0));
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return (enum spine_lock_outcome)WEXITSTATUS(status);
}

static void test_a_lock_keeps_others_out_until_it_is_released(void **state)
{
    (void)state;
    const struct path path = join_path(&directory, "lock");
    bool is_held = true;
    assert_int_equal(spine_lock_is_held(path.text, &is_held), 0);
    assert_false(is_held);
    const int lock = spine_lock_open(path.text);
    assert_true(lock >= 0);
    assert_int_equal(spine_lock_take(lock, 0), SPINE_LOCK_TAKEN);
    assert_int_equal(try_elsewhere(path.text), SPINE_LOCK_HELD);
    spine_lock_release(lock);
    assert_int_equal(try_elsewhere(path.text), SPINE_LOCK_TAKEN);
}

static void test_no_lock_is_held_below_a_file_and_a_link_is_not_followed(void **state)
{
    (void)state;
    const struct path path = join_path(&directory, "file"), link = join_path(&directory, "link");
    bool is_held = true;
    spine_lock_release(spine_lock_open(path.text));
    assert_int_equal(spine_lock_is_held(join_path(&path, "below").text, &is_held), 0);
    assert_false(is_held);
    assert_int_equal(symlink(path.text, link.text), 0);
    assert_int_equal(spine_lock_is_held(link.text, &is_held), -1);
}

static void test_a_lock_ends_with_its_process_and_is_waited_for(void **state)
{
    (void)state;
    const struct path path = join_path(&directory, "lock");
    int taken[2], go_on[2];
    char byte = 0;
    assert_int_equal(pipe(taken) | pipe(go_on), 0);
    const pid_t child = fork();
    if (child == 0) {
        spine_lock_take(spine_lock_open(path.text), 0);
        _exit(write(taken[1], &byte, 1) != 1 || read(go_on[0], &byte, 1) != 1);
    }
    assert_int_equal(read(taken[0], &byte, 1), 1);
    bool is_held = false;
    assert_int_equal(spine_lock_is_held(path.text, &is_held), 0);
    assert_true(is_held);
    const int lock = spine_lock_open(path.text);
    assert_int_equal(spine_lock_take(lock, 0), SPINE_LOCK_HELD);
    assert_int_equal(spine_lock_take(lock, 0.03), SPINE_LOCK_HELD); /* not for ever */
    assert_int_equal(write(go_on[1], &byte, 1), 1);
    assert_int_equal(spine_lock_take(lock, 600), SPINE_LOCK_TAKEN);
    assert_int_equal(waitpid(child, NULL, 0), child);
    spine_lock_release(lock);
}

static void test_a_planted_link_is_not_followed(void **state)
{
    (void)state;
    const struct path path = join_path(&directory, "lock"), other = join_path(&directory, "other");
    assert_int_equal(symlink(other.text, path.text), 0);
    assert_int_equal(spine_lock_open(path.text), -1);
    assert_int_equal(access(other.text, F_OK), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_lock_keeps_others_out_until_it_is_released),
        TEST(test_no_lock_is_held_below_a_file_and_a_link_is_not_followed),
        TEST(test_a_lock_ends_with_its_process_and_is_waited_for),
        TEST(test_a_planted_link_is_not_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
