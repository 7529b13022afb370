/* directory.h -- a temporary directory, made before a test or a group of tests and removed after
 * it: make_directory() and remove_directory() are for cmocka's setup and teardown. */
#ifndef SPINE_DIRECTORY_H
#define SPINE_DIRECTORY_H

#include "temporary.h"

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

/* A test with a directory of its own. */
#define TEST(function) cmocka_unit_test_setup_teardown(function, make_directory, remove_directory)

#endif
