/* test_rundir.c -- a run that is there already is refused or replaced; other files stay. */
#include "spine/rundir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "directory.h"
#include "expect.h"

enum { REFUSE, OVERWRITE };

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
        TRY(spine_rundir_prepare(run.text, REFUSE, &err));
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
    TRY(spine_rundir_prepare("runs/1", REFUSE, &err));
    TRY(spine_rundir_prepare(".", REFUSE, &err));
    assert_int_equal(chdir(here), 0);
    assert_directory(&shards);
}

static const char *const ours[] = {
    "metrics.jsonl",
    "model.h5",
    "model.h5.part",
    "codes.h5ad",
    "codes.h5ad.part",
    "codes.txt",
    "codes.txt.part",
    "shards/codes-00000.h5",
    "shards/codes-00001.h5.part",
    "shards/codes-123456.h5",
};

static const char *const others[] = {
    "notes.txt",
    "metrics.jsonl.bak",
    "my-model.h5",
    "codes.h5ad.old",
    "codes.npz",
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

static void test_a_run_that_is_there_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
        const struct path path = join_path(&directory, ours[i]);
        const char *name = strrchr(path.text, '/') + 1;
        TRY(spine_rundir_prepare(directory.text, REFUSE, &err));
        put(ours[i]);
        EXPECT_REFUSED(spine_rundir_prepare(directory.text, REFUSE, &err),
                       "output.directory: %s%s holds a run already (%s); name another one or set "
                       "output.overwrite = yes",
                       directory.text,
                       name - path.text > (ptrdiff_t)strlen(directory.text) + 1 ? "/shards" : "",
                       name);
        assert_true(is_there(&path));
        remove(path.text);
    }
}

static void test_overwriting_removes_the_runs_files_and_no_others(void **state)
{
    (void)state;
    TRY(spine_rundir_prepare(directory.text, REFUSE, &err));
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        put(ours[i]);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        put(others[i]);
    TRY(spine_rundir_prepare(directory.text, OVERWRITE, &err));
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
        const struct path path = join_path(&directory, ours[i]);
        assert_false(is_there(&path));
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        const struct path path = join_path(&directory, others[i]);
        char *text = get_bytes(&path, NULL);
        assert_non_null(text);
        assert_string_equal(text, others[i]);
        free(text);
    }
    TRY(spine_rundir_prepare(directory.text, REFUSE, &err)); /* which are no run */
}

static void test_where_no_directory_can_be_made_the_reason_is_given(void **state)
{
    (void)state;
    const struct path file = join_path(&directory, "file"), below = join_path(&file, "run");
    const struct path blocked = join_path(&directory, "blocked");
    const struct path shards = join_path(&blocked, "shards");
    put("file");
    EXPECT_REFUSED(spine_rundir_prepare(file.text, REFUSE, &err),
                   "output.directory: can't make %s: File exists", file.text);
    EXPECT_REFUSED(spine_rundir_prepare(below.text, OVERWRITE, &err),
                   "output.directory: can't make %s: File exists", file.text);
    assert_int_equal(mkdir(blocked.text, 0777), 0);
    put("blocked/shards");
    EXPECT_REFUSED(spine_rundir_prepare(blocked.text, OVERWRITE, &err),
                   "output.directory: can't make %s: File exists", shards.text);
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
    EXPECT_REFUSED(spine_rundir_prepare(long_name, REFUSE, &err), "%.60s...: the path is too long",
                   long_name);
    free(long_name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_directory_and_those_above_it_are_made),
        TEST(test_a_path_from_here_is_made_here),
        TEST(test_a_run_that_is_there_is_refused),
        TEST(test_overwriting_removes_the_runs_files_and_no_others),
        TEST(test_where_no_directory_can_be_made_the_reason_is_given),
        TEST(test_a_path_that_is_too_long_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
