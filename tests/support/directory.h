/* directory.h -- a temporary directory, made before a test or a group of tests and removed after
 * it: make_directory() and remove_directory() are for cmocka's setup and teardown. */
#ifndef SPINE_DIRECTORY_H
#define SPINE_DIRECTORY_H

#include "support/temporary.h"

static struct path directory;

static inline int make_directory(void **state)
{
    (void)state;
    directory = make_temporary();
    return 0;
}

static inline int remove_directory(void **state)
{
    (void)state;
    remove_all(&directory);
    return 0;
}

/* The same, and tests work in it, so that names in it are short. */
static inline int enter_directory(void **state)
{
    make_directory(state);
    return chdir(directory.text);
}

static inline int leave_directory(void **state)
{
    const int rc = chdir("/");
    remove_directory(state);
    return rc;
}

/* Make a file in it and the directories above that. */
static inline void put_below(const char *name, const char *text)
{
    struct path path = join_path(&directory, name);
    for (char *slash = path.text + strlen(directory.text) + 1; (slash = strchr(slash, '/')) != NULL;
         slash++) {
        *slash = '\0';
        mkdir(path.text, 0777);
        *slash = '/';
    }
    if (put_text(&path, text) != 0)
        abort();
}

/* A test with a directory of its own. */
#define TEST(function) cmocka_unit_test_setup_teardown(function, make_directory, remove_directory)

#endif
