/* ranks.h -- tests that run on several ranks.
 *
 * unit/on_ranks.c is their program: starting ranks takes longer than most tests, so all modules
 * share one start. A module's source ends with
 *
 *     int run_MODULE(const struct spine_comm *comm)
 *     {
 *         const struct CMUnitTest tests[] = {...};
 *         world = *comm;
 *         return cmocka_run_group_tests(tests, make_shared_directory, remove_shared_directory);
 *     }
 *
 * or with NULL, NULL where no test needs a directory. All ranks run the same tests in step. */
#ifndef SPINE_TEST_RANKS_H
#define SPINE_TEST_RANKS_H

#include "spine/ranks/comm.h"
#include "support/temporary.h"

/* Run a module's tests on these ranks. Collective. Returns the number of tests that failed. */
int run_comm(const struct spine_comm *comm);
int run_team(const struct spine_comm *comm);
int run_grid(const struct spine_comm *comm);
int run_chain(const struct spine_comm *comm);
int run_step(const struct spine_comm *comm);
int run_silence(const struct spine_comm *comm);
int run_nnse(const struct spine_comm *comm);
int run_stringheap(const struct spine_comm *comm);
int run_duplicates(const struct spine_comm *comm);
int run_store(const struct spine_comm *comm);
int run_dataset(const struct spine_comm *comm);
int run_measures(const struct spine_comm *comm);
int run_scalingfit(const struct spine_comm *comm);
int run_holdout(const struct spine_comm *comm);

static struct spine_comm world;
static struct path directory; /* the same on all ranks */

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
