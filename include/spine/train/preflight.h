/* preflight.h -- is the machine set up well for a run, and if not, what would help?
 *
 * Every rank collects facts about itself (machine.h), rank 0 checks those of all. */
#ifndef SPINE_TRAIN_PREFLIGHT_H
#define SPINE_TRAIN_PREFLIGHT_H

#include <stdbool.h>

#include "spine/base/words.h"
#include "spine/ranks/comm.h"
#include "spine/ranks/machine.h"

/* Facts about a rank. Plain data. */
enum { SPINE_PREFLIGHT_RIVALS = 64 };
struct spine_rank_facts {
    struct spine_machine machine;
    char blas[SPINE_MACHINE_NAME]; /* library and kernels */
    char kernels[16];              /* our own */
    int32_t blas_threads;
    int32_t process; /* its id on its host */
    int32_t num_rivals,
        rivals[SPINE_PREFLIGHT_RIVALS]; /* other processes that are bound to its only core */
};

/* Facts about the run, the same for all ranks. */
struct spine_run_facts {
    const char *directory; /* of the output; borrowed */
    struct spine_filesystem filesystem;
    bool hdf5_locks; /* HDF5 locks the files that it opens */
};

/* Describe the ranks of one host and what they are bound to: "4 ranks, each rank bound to 1 core".
 * Local. */
void spine_preflight_describe_host(const struct spine_rank_facts *ranks, int size, char *text,
                                   size_t text_size);

/* Describe hosts, ranks and cores in a line: "2 hosts with 4 ranks each, bound to 1 core".
 * Local. */
void spine_preflight_describe(const struct spine_rank_facts *ranks, int size, char *text,
                              size_t text_size);

/* Append to 'warnings' each problem with its remedy: ranks or jobs bound to the same core, more
 * BLAS threads than cores, different processors, a directory that can't be written to, a file
 * system without locks. The caller disposes of the list. Local. */
int spine_preflight_check(const struct spine_rank_facts *ranks, int size,
                          const struct spine_run_facts *run, struct spine_words *warnings,
                          struct spine_error *err);

/* The facts of all ranks, on rank 0; empty on the others. */
struct spine_preflight {
    struct spine_rank_facts *ranks; /* owned; (size) */
    struct spine_run_facts run;
    char mpi[256]; /* the library, and how it transports messages */
    struct spine_words warnings;
};

/* Collect and check the facts. 'directory' is borrowed and must outlive the struct. Collective. */
int spine_preflight_init(struct spine_preflight *preflight, const struct spine_comm *comm,
                         const char *directory, struct spine_error *err);
void spine_preflight_dispose(struct spine_preflight *preflight);

/* Log at the start of a run: a line that describes the machine, and warnings. Collective. */
int spine_preflight_log(const struct spine_comm *comm, const char *directory,
                        struct spine_error *err);

#endif
