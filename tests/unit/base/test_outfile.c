/* test_outfile.c -- a file appears whole, on the disk, or not at all; what isn't ours stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spine/base/outfile.h"
#include "support/directory.h"
#include "support/expect.h"

/* What publishing synced, in its order: fsync() below replaces the C library's. */
static struct {
    int count, failing, reason; /* the call that fails, from 1, and why */
    char order[8];              /* 'f' or 'd' for each; a capital once the file has its own name */
} syncs;

int fsync(int descriptor)
{
    struct stat facts;
    const struct path path = join_path(&directory, "out.txt");
    assert_int_equal(fstat(descriptor, &facts), 0);
    const char kind = S_ISDIR(facts.st_mode) ? 'd' : 'f';
    syncs.order[syncs.count++] = (char)(is_there(&path) ? kind - 'a' + 'A' : kind);
    errno = syncs.reason;
    if (syncs.count == syncs.failing)
        return -1;
    return 0;
}

static void write_text(const struct path *path, const char *text)
{
    FILE *file = spine_outfile_create_text(path->text, &err);
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void assert_holds(const struct path *path, const char *expected)
{
    char *text = get_bytes(path, NULL);
    assert_string_equal(text, expected);
    free(text);
}

static void test_a_file_gets_its_name_when_it_is_published(void **state)
{
    (void)state;
    const struct path path = join_path(&directory, "out.txt"), part = part_of(&path);
    write_text(&path, "old\n");
    assert_true(is_there(&part));
    assert_false(is_there(&path));
    TRY(spine_outfile_publish(path.text, &err));
    assert_false(is_there(&part));
    assert_holds(&path, "old\n");

    write_text(&path, "new\n"); /* the old one stays until then */
    assert_holds(&path, "old\n");
    spine_outfile_discard(path.text);
    assert_false(is_there(&part));
    spine_outfile_discard(path.text);
    assert_holds(&path, "old\n");
    write_text(&path, "new\n");
    TRY(spine_outfile_publish(path.text, &err));
    assert_holds(&path, "new\n");
}

static void test_what_a_crash_left_is_replaced(void **state)
{
    (void)state;
    const struct path path = join_path(&directory, "out.txt"), part = part_of(&path);
    assert_int_equal(put_text(&part, "half a line, longer than what comes"), 0);
    write_text(&path, "text\n");
    TRY(spine_outfile_publish(path.text, &err));
    assert_holds(&path, "text\n");
    assert_int_equal(put_text(&part, "half a line"), 0);
    TRY(spine_outfile_create(path.text, &err));
    assert_holds(&part, "");
}

static void test_a_symbolic_link_in_the_way_is_not_followed_and_stays(void **state)
{
    (void)state;
    const struct path path = join_path(&directory, "out.txt"), part = part_of(&path);
    const struct path target = join_path(&directory, "target.txt");
    assert_int_equal(put_text(&target, "precious"), 0);
    assert_int_equal(symlink(target.text, part.text), 0);
    EXPECT_REFUSED(spine_outfile_create(path.text, &err), "%s: %s", part.text,
                   "Too many levels of symbolic links");
    assert_null(spine_outfile_create_text(path.text, &err));
    EXPECT_REFUSED(-1, "%s: %s", part.text, "Too many levels of symbolic links");
    assert_true(is_there(&part));
    assert_holds(&target, "precious");
}

/* The status of a process that creates the file: 3 if it is refused as one that is being
 * written. */
static int create_elsewhere(const struct path *path)
{
    const pid_t child = fork();
    if (child == 0) {
        if (spine_outfile_create(path->text, &err) == 0)
            _exit(0);
        _exit(strstr(err.text, "another program is writing it") == NULL ? 1 : 3);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_two_writers_do_not_share_a_temporary_file(void **state)
{
    (void)state;
    const struct path path = join_path(&directory, "out.txt"), part = part_of(&path);
    write_text(&path, "whole\n");
    assert_int_equal(create_elsewhere(&path), 3);
    TRY(spine_outfile_publish(path.text, &err));
    assert_holds(&path, "whole\n");
    assert_int_equal(create_elsewhere(&path), 0); /* it ends, and leaves its file */

    write_text(&path, "mine\n");
    assert_int_equal(unlink(part.text), 0); /* where locks don't work, somebody may */
    assert_int_equal(put_text(&part, "half"), 0);
    assert_int_equal(spine_outfile_publish(path.text, &err), -1);
    assert_non_null(strstr(err.text, "another program has replaced or removed it"));
    assert_holds(&path, "whole\n");
    assert_holds(&part, "half");
    spine_outfile_discard(path.text);
    assert_holds(&part, "half"); /* it isn't ours */
}

static void test_hard_links_and_pipes_in_the_way_stay(void **state)
{
    (void)state;
    const struct path path = join_path(&directory, "out.txt"), part = part_of(&path);
    const struct path target = join_path(&directory, "target.txt");
    assert_int_equal(put_text(&target, "precious"), 0);
    assert_int_equal(link(target.text, part.text), 0);
    EXPECT_REFUSED(spine_outfile_create(path.text, &err),
                   "%s: is in the way: a file with other hard links", part.text);
    assert_holds(&target, "precious");
    assert_int_equal(unlink(part.text), 0);
    assert_int_equal(mkfifo(part.text, 0666), 0);
    EXPECT_REFUSED(spine_outfile_create(path.text, &err), "%s: is in the way: a device or a pipe",
                   part.text);
}

static void test_where_no_file_can_be_made_the_reason_is_given(void **state)
{
    (void)state;
    const struct path nowhere = join_path(&directory, "no/such/directory.txt");
    const struct path taken = join_path(&directory, "taken.txt");
    const struct path taken_part = part_of(&taken);
    EXPECT_REFUSED(spine_outfile_create(nowhere.text, &err), "%s: its directory doesn't exist",
                   nowhere.text);
    assert_int_equal(mkdir(taken_part.text, 0777), 0);
    EXPECT_REFUSED(spine_outfile_create(taken.text, &err), "%s: %s", taken_part.text,
                   "Is a directory");
    assert_true(is_there(&taken_part));
    EXPECT_REFUSED(spine_outfile_create(directory.text, &err),
                   "%s: is a directory: not replaced by a file", directory.text);
    EXPECT_REFUSED(spine_outfile_check_kind(directory.text, "{", "JSON", &err),
                   "%s: is a directory: not replaced by a file", directory.text);
    assert_int_equal(spine_outfile_publish(nowhere.text, &err), -1); /* nothing to publish */
    assert_int_equal(err.status, SPINE_EXIT_FAILED);
}

static void test_the_file_is_synced_before_its_new_name_and_then_the_directory(void **state)
{
    (void)state;
    const struct path path = join_path(&directory, "out.txt");
    write_text(&path, "text\n");
    TRY(spine_outfile_publish(path.text, &err));
    assert_string_equal(syncs.order, "fD");
}

static void test_what_a_crash_may_undo_is_whole_and_not_synced(void **state)
{
    (void)state;
    const struct path path = join_path(&directory, "out.txt"), part = part_of(&path);
    TRY(spine_outfile_write_lightly(path.text, "old\n", &err));
    TRY(spine_outfile_write_lightly(path.text, "new\n", &err));
    assert_holds(&path, "new\n");
    assert_false(is_there(&part));
    assert_string_equal(syncs.order, "");
    assert_int_equal(spine_outfile_write_lightly(directory.text, "new\n", &err), -1);
}

static void test_a_path_without_a_directory_is_in_the_current_one(void **state)
{
    (void)state;
    const struct path path = {"out.txt"};
    char before[PATH_SIZE];
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(directory.text), 0);
    write_text(&path, "text\n");
    const int rc = spine_outfile_publish(path.text, &err);
    assert_int_equal(chdir(before), 0);
    TRY(rc);
    assert_string_equal(syncs.order, "fD");
}

static void test_what_does_not_reach_the_disk_is_a_failure(void **state)
{
    (void)state;
    const struct path path = join_path(&directory, "out.txt"), part = part_of(&path);
    char expected[2][PATH_SIZE + 64];
    snprintf(expected[0], sizeof *expected, "%s: Input/output error", part.text);
    snprintf(expected[1], sizeof *expected, "%s: Input/output error", directory.text);
    for (int failing = 1; failing <= 2; failing++) {
        memset(&syncs, 0, sizeof syncs);
        syncs.failing = failing;
        syncs.reason = EIO;
        write_text(&path, "text\n");
        assert_int_equal(spine_outfile_publish(path.text, &err), -1);
        assert_string_equal(err.text, expected[failing - 1]);
        assert_int_equal(err.status, SPINE_EXIT_FAILED);
        assert_int_equal(is_there(&path), failing == 2);
    }
}

static void test_a_file_system_that_cannot_sync_directories_will_do(void **state)
{
    (void)state;
    const struct path path = join_path(&directory, "out.txt");
    syncs.failing = 2;
    syncs.reason = EINVAL;
    write_text(&path, "text\n");
    TRY(spine_outfile_publish(path.text, &err));
    assert_holds(&path, "text\n");
}

static int setup(void **state)
{
    memset(&syncs, 0, sizeof syncs);
    return make_directory(state);
}

#define WATCHED(function) cmocka_unit_test_setup_teardown(function, setup, remove_directory)

static void test_a_text_is_finished_whole_or_not_at_all(void **state)
{
    (void)state;
    const struct path path = join_path(&directory, "text"),
                      part = join_path(&directory, "text.part");
    struct rlimit before, few;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_IGN);
    for (int fails = 0; fails < 2; fails++) {
        FILE *file = spine_outfile_create_text(path.text, &err);
        assert_non_null(file);
        few = (struct rlimit){100, before.rlim_max};
        for (int i = 0; i < 500; i++)
            fputs("ten bytes\n", file);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, fails ? &few : &before), 0);
        const int rc = spine_outfile_finish_text(file, path.text, &err);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        assert_int_equal(rc, -fails);
        assert_int_equal(access(part.text, F_OK), -1);
        assert_int_equal(access(path.text, F_OK), -fails);
        unlink(path.text);
    }
}

static void test_devices_and_pipes_stay_what_they_are(void **state)
{
    (void)state;
    const struct path pipe = join_path(&directory, "pipe"), link = join_path(&directory, "null");
    const struct path part = part_of(&pipe);
    assert_int_equal(mkfifo(pipe.text, 0666), 0);
    assert_int_equal(symlink("/dev/null", link.text), 0);
    EXPECT_REFUSED(spine_outfile_create(pipe.text, &err),
                   "%s: is a device or a pipe: not replaced by a file", pipe.text);
    assert_false(is_there(&part));
    EXPECT_REFUSED(-(spine_outfile_create_text(link.text, &err) == NULL),
                   "%s: is a device or a pipe: not replaced by a file", link.text);
}

static void write_whole(const struct path *path, const char *text)
{
    FILE *file = fopen(path->text, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void test_a_file_of_another_kind_is_not_replaced(void **state)
{
    (void)state;
    const struct path path = join_path(&directory, "a.json");
    static const char *const json[] = {"{}", "\n  [1]", "\xef\xbb\xbf {}", ""};
    static const char *const others[] = {" x", "\n", "\x89HDF"};
    assert_int_equal(spine_outfile_check_kind(path.text, "{[", "JSON", &err), 0);
    for (size_t i = 0; i < sizeof json / sizeof *json; i++) {
        write_whole(&path, json[i]);
        assert_int_equal(spine_outfile_check_kind(path.text, "{[", "JSON", &err), 0);
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        write_whole(&path, others[i]);
        EXPECT_REFUSED(spine_outfile_check_kind(path.text, "{[", "JSON", &err),
                       "%s: exists and is not JSON: not overwritten", path.text);
    }
    assert_int_equal(unlink(path.text), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WATCHED(test_a_file_gets_its_name_when_it_is_published),
        WATCHED(test_a_text_is_finished_whole_or_not_at_all),
        WATCHED(test_what_a_crash_left_is_replaced),
        WATCHED(test_a_symbolic_link_in_the_way_is_not_followed_and_stays),
        WATCHED(test_two_writers_do_not_share_a_temporary_file),
        WATCHED(test_hard_links_and_pipes_in_the_way_stay),
        WATCHED(test_devices_and_pipes_stay_what_they_are),
        WATCHED(test_where_no_file_can_be_made_the_reason_is_given),
        WATCHED(test_the_file_is_synced_before_its_new_name_and_then_the_directory),
        WATCHED(test_what_a_crash_may_undo_is_whole_and_not_synced),
        WATCHED(test_a_path_without_a_directory_is_in_the_current_one),
        WATCHED(test_a_file_of_another_kind_is_not_replaced),
        WATCHED(test_what_does_not_reach_the_disk_is_a_failure),
        WATCHED(test_a_file_system_that_cannot_sync_directories_will_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
