/* on_ranks.c -- the unit tests that need several ranks, in one program: see support/ranks.h.
 *
 *     mpirun -np RANKS test_on_ranks [MODULE...]      all modules, or only these */
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
    {"comm", run_comm},       {"team", run_team},         {"grid", run_grid},
    {"store", run_store},     {"dataset", run_dataset},   {"scalingfit", run_scalingfit},
    {"holdout", run_holdout}, {"measures", run_measures}, {"step", run_step},
};

enum { NUM_MODULES = sizeof modules / sizeof *modules };

static bool is_named(const char *name, char **names, int num_names)
{
    for (int i = 0; i < num_names; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

int main(int argc, char **argv)
{
    struct spine_comm comm;
    int failures = 0, num_run = 0;

    setenv("CMOCKA_TEST_ABORT", "1", 1); /* a rank that fails ends the others too */
    spine_store_init();
    spine_comm_init(&comm, &argc, &argv);

    for (size_t i = 0; i < NUM_MODULES; i++) {
        if (argc > 1 && !is_named(modules[i].name, argv + 1, argc - 1))
            continue;
        failures += modules[i].run(&comm);
        num_run++;
    }
    if (num_run < (argc > 1 ? argc - 1 : NUM_MODULES)) {
        fprintf(stderr, "on_ranks: no such module among the arguments\n");
        failures++;
    }

    spine_comm_finalize(&comm);
    return failures > 0;
}
