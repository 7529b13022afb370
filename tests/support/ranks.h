/* ranks.h -- tests that are run on several ranks; all of them run the same tests in step. Their
 * main() is, after cmocka.h:
 *
 *     begin_ranks(&argc, &argv);
 *     return end_ranks(cmocka_run_group_tests(tests, make_shared_directory,
 * remove_shared_directory));
 *
 * or with NULL, NULL where no test needs a directory. */
#ifndef SPINE_RANKS_H
#define SPINE_RANKS_H

#include <stdlib.h>

#include "spine/files/store.h"
#include "spine/ranks/comm.h"
#include "support/temporary.h"

static struct spine_comm world;
static struct path directory; /* the same on all ranks */

static inline void begin_ranks(int *argc, char ***argv)
{
    setenv("CMOCKA_TEST_ABORT", "1", 1); /* a rank that fails ends the others too */
    spine_store_init();
    spine_comm_init(&world, argc, argv);
}

/* Returns the exit status for this number of failures. */
static inline int end_ranks(int failures)
{
    spine_comm_finalize(&world);
    return failures;
}

static inline int make_shared_directory(void **state)
{
    (void)state;
    if (world.rank == 0)
        directory = make_temporary();
    spine_comm_broadcast(&world, &directory, sizeof directory);
    return 0;
}

static inline int remove_shared_directory(void **state)
{
    (void)state;
    spine_comm_barrier(&world);
    if (world.rank == 0)
        remove_all(&directory);
    return 0;
}

#endif
