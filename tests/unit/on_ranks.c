/* on_ranks.c -- the unit tests that need several ranks, in one program: see support/ranks.h.
 *
 *     mpirun -np RANKS test_on_ranks [MODULE...]              all modules, or only these
 *     mpirun -np RANKS test_on_ranks --parts [MODULE...]      before, all modules on 1, 2, ... of the ranks: one
 *                                                             start of a job in place of RANKS */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spine/files/store.h"
#include "support/ranks.h"

static const struct {
    const char *name;
    int (*run)(const struct spine_comm *comm);
} modules[] = {
    {"comm", run_comm},
    {"team", run_team},
    {"grid", run_grid},
    {"store", run_store},
    {"dataset", run_dataset},
    {"scalingfit", run_scalingfit},
    {"holdout", run_holdout},
    {"measures", run_measures},
    {"chain", run_chain},
    {"step", run_step},
    {"silence", run_silence},
    {"nnse", run_nnse},
    {"stringheap", run_stringheap},
    {"duplicates", run_duplicates},
};

enum { NUM_MODULES = sizeof modules / sizeof *modules };

static bool is_named(const char *name, char **names, int num_names)
{
    for (int i = 0; i < num_names; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

/* Run the modules that are named, or all. Returns the number of tests that failed. */
static int run_modules(const struct spine_comm *comm, char **names, int num_names)
{
    int failures = 0, num_run = 0;

    for (size_t i = 0; i < NUM_MODULES; i++) {
        if (num_names > 0 && !is_named(modules[i].name, names, num_names))
            continue;
        failures += modules[i].run(comm);
        num_run++;
    }
    if (num_run < (num_names > 0 ? num_names : NUM_MODULES)) {
        fprintf(stderr, "on_ranks: no such module among the arguments\n");
        failures++;
    }
    return failures;
}

/* Run all modules on the first ranks and, at the same time, on the others: on each number below all
 * of them. Of two parts that are as large one sleeps. Returns the number of tests that failed. */
static int run_parts(const struct spine_comm *all)
{
    int failures = 0;

    for (int first = 1; 2 * first <= all->size; first++) {
        struct spine_comm part;
        spine_comm_split(all, all->rank >= first, &part);
        if (all->rank < first || 2 * first < all->size)
            failures += run_modules(&part, NULL, 0);
        spine_comm_dispose(&part);
        spine_comm_barrier_sleeping(all);
    }
    return failures;
}

int main(int argc, char **argv)
{
    struct spine_comm comm;
    int failures = 0, first = 1;

    setenv("CMOCKA_TEST_ABORT", "1", 1); /* a rank that fails ends the others too */
    spine_store_init();
    spine_comm_init(&comm, &argc, &argv);

    if (argc > 1 && strcmp(argv[1], "--parts") == 0) {
        failures = run_parts(&comm);
        first = 2;
    }
    failures += run_modules(&comm, argv + first, argc - first);

    spine_comm_finalize(&comm);
    return failures > 0;
}
