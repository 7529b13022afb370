/* test_rundir.c -- a run that is there already is seen, kept from others, and removed without
 * touching other files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "spine/files/rundir.h"
#include "support/directory.h"
#include "support/expect.h"

static void take_and_release(const char *path)
{
    int lock = -1;
    TRY(spine_rundir_lock(path, &lock, &err));
    spine_rundir_release(lock);
}

static enum spine_rundir_state look(const char *path)
{
    enum spine_rundir_state found = SPINE_RUNDIR_EMPTY;
    TRY(spine_rundir_inspect(path, &found, NULL, &err));
    return found;
}

static void assert_directory(const struct path *path)
{
    struct stat facts;
    assert_int_equal(stat(path->text, &facts), 0);
    assert_true(S_ISDIR(facts.st_mode));
}

static void test_the_directory_and_those_above_it_are_made(void **state)
{
    (void)state;
    static const char *const names[] = {"run", "a/b/c", "a/b/d/", "a//e", "./f/../g", "a/b/c"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct path run = join_path(&directory, names[i]);
        const struct path shards = join_path(&run, "shards");
        take_and_release(run.text);
        assert_directory(&shards);
    }
}

static void test_a_path_from_here_is_made_here(void **state)
{
    (void)state;
    char here[PATH_SIZE];
    const struct path shards = join_path(&directory, "runs/1/shards");
    assert_non_null(getcwd(here, sizeof here));
    assert_int_equal(chdir(directory.text), 0);
    take_and_release("runs/1");
    take_and_release(".");
    assert_int_equal(chdir(here), 0);
    assert_directory(&shards);
}

static const char *const ours[] = {
    "metrics.jsonl",
    "checkpoint-0000000079.h5",
    "checkpoint-0000000080.h5.part",
    "model.h5",
    "model.h5.part",
    "codes.h5ad",
    "codes.h5ad.part",
    "codes.h5ad.a1B2c3.part",
    "codes.txt",
    "codes.txt.part",
    "shards/codes-00000.h5",
    "shards/codes-00001.h5.part",
    "shards/codes-123456.h5",
    "codes.npz",
    "codes.words.txt",
    "codes.metadata.tsv.part",
};

static const char *const others[] = {
    "notes.txt",
    "metrics.jsonl.bak",
    "checkpoint-0000000079.h5.old",
    "checkpoint-best.h5",
    "checkpoint-.h5",
    "checkpoint-+79.h5",
    "my-checkpoint-0000000079.h5",
    "my-model.h5",
    "codes.h5ad.old",
    "codes.h5ad.backup",
    "codes.h5ad.a1B2c3.old",
    "codes.csv",
    "run.ini",
    "shards/codes-00000.txt",
    "shards/codes-.h5",
    "shards/codes-1.h5.old",
    "shards/notes",
};

static void put(const char *name)
{
    const struct path path = join_path(&directory, name);
    assert_int_equal(put_text(&path, name), 0);
}

/* The state of a directory that holds one of 'ours'. */
static enum spine_rundir_state state_with(const char *name)
{
    if (strcmp(name, "model.h5") == 0)
        return SPINE_RUNDIR_FINISHED;
    if (strstr(name, "codes") != NULL && strstr(name, ".part") == NULL)
        return SPINE_RUNDIR_CODES;
    return SPINE_RUNDIR_BEGUN;
}

static void test_any_of_a_runs_files_is_a_run(void **state)
{
    (void)state;
    const struct path none = join_path(&directory, "none"), file = join_path(&directory, "file");
    assert_int_equal(look(none.text), SPINE_RUNDIR_EMPTY);
    take_and_release(directory.text);
    assert_int_equal(look(directory.text), SPINE_RUNDIR_EMPTY);
    put("file");
    assert_int_equal(look(file.text), SPINE_RUNDIR_EMPTY); /* taking it says what is wrong */
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        put(others[i]);
    assert_int_equal(look(directory.text), SPINE_RUNDIR_EMPTY);
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
        const struct path path = join_path(&directory, ours[i]);
        put(ours[i]);
        assert_int_equal(look(directory.text), state_with(ours[i]));
        remove(path.text);
    }
}

/* A directory with all of 'ours' and 'others'. */
static void fill_directory(void)
{
    take_and_release(directory.text);
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        put(ours[i]);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        put(others[i]);
}

static void assert_others_are_whole(void)
{
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        const struct path path = join_path(&directory, others[i]);
        char *text = get_bytes(&path, NULL);
        assert_non_null(text);
        assert_string_equal(text, others[i]);
        free(text);
    }
}

static void test_clearing_removes_the_runs_files_and_no_others(void **state)
{
    (void)state;
    fill_directory();
    TRY(spine_rundir_clear(directory.text, SPINE_RUNDIR_ALL, &err));
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
        const struct path path = join_path(&directory, ours[i]);
        assert_false(is_there(&path));
    }
    assert_others_are_whole();
    assert_int_equal(look(directory.text), SPINE_RUNDIR_EMPTY);
}

static void test_clearing_the_results_keeps_the_runs_progress(void **state)
{
    (void)state;
    fill_directory();
    TRY(spine_rundir_clear(directory.text, SPINE_RUNDIR_RESULTS, &err));
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
        const struct path path = join_path(&directory, ours[i]);
        assert_int_equal(is_there(&path), strcmp(ours[i], "checkpoint-0000000079.h5") == 0 ||
                                              strcmp(ours[i], "metrics.jsonl") == 0);
    }
    assert_others_are_whole();
    assert_int_equal(look(directory.text), SPINE_RUNDIR_BEGUN);
}

/* Does replaced-NUMBER (0: replaced) in the directory hold what 'ours' are, but for the
 * half-written? */
static void assert_set_aside(int number)
{
    char name[32];
    snprintf(name, sizeof name, number == 0 ? "replaced" : "replaced-%d", number);
    const struct path aside = join_path(&directory, name);
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
        const struct path moved = join_path(&aside, ours[i]),
                          before = join_path(&directory, ours[i]);
        const bool is_half = strstr(ours[i], ".part") != NULL;
        char *text = get_bytes(&moved, NULL);
        assert_int_equal(text == NULL, is_half);
        if (!is_half)
            assert_string_equal(text, ours[i]);
        free(text);
        assert_false(is_there(&before));
    }
}

static void test_a_run_that_is_set_aside_is_kept_until_it_is_forgotten(void **state)
{
    (void)state;
    char aside[SPINE_RUNDIR_PATH];
    const struct path replaced = join_path(&directory, "replaced");
    const struct path second = join_path(&directory, "replaced-2");
    const struct path mine = join_path(&directory, "replaced-mine");
    const struct path note = join_path(&second, "note");
    assert_int_equal(mkdir(mine.text, 0777), 0);
    fill_directory();
    TRY(spine_rundir_set_aside(directory.text, SPINE_RUNDIR_ALL, aside, &err));
    assert_string_equal(aside, replaced.text);
    assert_set_aside(0);
    assert_others_are_whole();
    assert_int_equal(look(directory.text), SPINE_RUNDIR_EMPTY);
    TRY(spine_rundir_set_aside(directory.text, SPINE_RUNDIR_ALL, aside, &err));
    assert_string_equal(aside, "");
    fill_directory();
    TRY(spine_rundir_set_aside(directory.text, SPINE_RUNDIR_ALL, aside, &err));
    assert_string_equal(aside, second.text);
    assert_set_aside(0);
    assert_set_aside(2);
    assert_int_equal(put_text(&note, "mine"), 0);
    TRY(spine_rundir_forget_aside(directory.text, &err));
    assert_false(is_there(&replaced));
    assert_true(is_there(&note));
    assert_true(is_there(&mine));
    assert_others_are_whole();
}

/* Take the directory in a process of its own; its exit status is 0 if it got it, 3 if it was
 * refused as it should be. */
static int take_elsewhere(void)
{
    const pid_t child = fork();
    if (child == 0) {
        char expected[sizeof err.text];
        int lock = -1;
        snprintf(expected, sizeof expected, "output.directory: another process is training in %s",
                 directory.text);
        if (spine_rundir_lock(directory.text, &lock, &err) == 0)
            _exit(0);
        _exit(lock == -1 && err.status == SPINE_EXIT_REFUSED && strcmp(err.text, expected) == 0
                  ? 3
                  : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_a_directory_that_is_taken_is_refused_to_others(void **state)
{
    (void)state;
    int lock = -1;
    TRY(spine_rundir_lock(directory.text, &lock, &err));
    assert_int_equal(take_elsewhere(), 3);
    assert_int_equal(look(directory.text), SPINE_RUNDIR_EMPTY); /* looking doesn't give it up */
    assert_int_equal(take_elsewhere(), 3);
    spine_rundir_release(lock);
    assert_int_equal(take_elsewhere(), 0); /* which gave it up by ending */
    TRY(spine_rundir_lock(directory.text, &lock, &err));
    spine_rundir_release(lock);
    spine_rundir_release(-1);
}

static void test_where_no_directory_can_be_made_the_reason_is_given(void **state)
{
    (void)state;
    const struct path file = join_path(&directory, "file"), below = join_path(&file, "run");
    const struct path blocked = join_path(&directory, "blocked");
    const struct path shards = join_path(&blocked, "shards");
    put("file");
    int lock = 7;
    EXPECT_REFUSED(spine_rundir_lock(file.text, &lock, &err),
                   "output.directory: %s is a file; expected a directory, or a new name",
                   file.text);
    EXPECT_REFUSED(spine_rundir_lock(below.text, &lock, &err),
                   "output.directory: %s is a file; expected a directory, or a new name",
                   file.text);
    assert_int_equal(mkdir(blocked.text, 0777), 0);
    put("blocked/shards");
    EXPECT_REFUSED(spine_rundir_lock(blocked.text, &lock, &err),
                   "output.directory: %s is a file; expected a directory, or a new name",
                   shards.text);
    assert_int_equal(lock, -1);
}

static void test_a_lock_that_leads_elsewhere_is_refused(void **state)
{
    (void)state;
    const struct path link = join_path(&directory, ".lock"), there = join_path(&directory, "there");
    int lock = -1;
    assert_int_equal(symlink(there.text, link.text), 0);
    EXPECT_REFUSED(spine_rundir_lock(directory.text, &lock, &err),
                   "output.directory: %s: Too many levels of symbolic links", link.text);
    assert_false(is_there(&there));
}

static void test_shards_that_lead_elsewhere_are_refused(void **state)
{
    (void)state;
    const struct path link = join_path(&directory, "shards"),
                      there = join_path(&directory, "there");
    int lock = -1;
    assert_int_equal(mkdir(there.text, 0777), 0);
    assert_int_equal(symlink(there.text, link.text), 0);
    EXPECT_REFUSED(spine_rundir_lock(directory.text, &lock, &err),
                   "output.directory: %s is a symbolic link", link.text);
}

static void test_a_runs_files_are_measured_and_no_others(void **state)
{
    (void)state;
    const struct path none = join_path(&directory, "none"), other = join_path(&directory, "other");
    const struct path model = join_path(&directory, "model.h5");
    char text[10001] = "";
    memset(text, 'x', sizeof text - 1);
    enum spine_rundir_state found;
    uint64_t bytes = 1;
    TRY(spine_rundir_inspect(none.text, &found, &bytes, &err));
    assert_int_equal(bytes, 0);
    assert_int_equal(put_text(&other, text), 0);
    TRY(spine_rundir_inspect(directory.text, &found, &bytes, &err));
    assert_int_equal(bytes, 0);
    assert_int_equal(put_text(&model, text), 0);
    sync(); /* some file systems give a file its blocks only then */
    TRY(spine_rundir_inspect(directory.text, &found, &bytes, &err));
    assert_in_range(bytes, 1, 1 << 20);
}

static void test_a_path_that_is_too_long_is_refused(void **state)
{
    (void)state;
    char path[SPINE_RUNDIR_PATH], *long_name = calloc(SPINE_RUNDIR_PATH + 1, 1);
    TRY(spine_rundir_join(path, "run", "model.h5", &err));
    assert_string_equal(path, "run/model.h5");
    memset(long_name, 'd', SPINE_RUNDIR_PATH);
    EXPECT_REFUSED(spine_rundir_join(path, long_name, "model.h5", &err),
                   "%.60s...: the path is too long", long_name);
    int lock = -1;
    EXPECT_REFUSED(spine_rundir_lock(long_name, &lock, &err), "%.60s...: the path is too long",
                   long_name);
    free(long_name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_directory_and_those_above_it_are_made),
        TEST(test_a_path_from_here_is_made_here),
        TEST(test_any_of_a_runs_files_is_a_run),
        TEST(test_clearing_removes_the_runs_files_and_no_others),
        TEST(test_clearing_the_results_keeps_the_runs_progress),
        TEST(test_a_run_that_is_set_aside_is_kept_until_it_is_forgotten),
        TEST(test_a_directory_that_is_taken_is_refused_to_others),
        TEST(test_where_no_directory_can_be_made_the_reason_is_given),
        TEST(test_a_lock_that_leads_elsewhere_is_refused),
        TEST(test_shards_that_lead_elsewhere_are_refused),
        TEST(test_a_runs_files_are_measured_and_no_others),
        TEST(test_a_path_that_is_too_long_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
