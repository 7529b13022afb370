/* preflight.h -- is this a good place for a run, and if not, what helps?
 *
 * Every rank looks around (place.h), rank 0 judges what all of them saw. */
#ifndef SPINE_TRAIN_PREFLIGHT_H
#define SPINE_TRAIN_PREFLIGHT_H

#include "spine/base/words.h"
#include "spine/ranks/comm.h"
#include "spine/ranks/machine.h"

/* What a rank knows of itself. Plain data. */
struct spine_rank_facts {
    struct spine_machine machine;
    char blas[SPINE_MACHINE_NAME]; /* library and kernels */
    char kernels[16];              /* our own */
    int32_t blas_threads;
};

/* What is the same for all of them. */
struct spine_run_facts {
    const char *directory; /* of the output; borrowed */
    struct spine_filesystem filesystem;
    int hdf5_locks;     /* HDF5 will lock the files that it opens */
    int64_t batch_size; /* 0: not one for all ranks */
};

/* Describe hosts, ranks and cores in a line: "2 hosts with 4 ranks each, bound to 1 core". Local.
 */
void spine_preflight_describe(const struct spine_rank_facts *ranks, int size, char *text,
                              size_t text_size);

/* Find what is wrong, a sentence with its remedy each: several ranks bound to one core, more BLAS
 * threads than cores, hosts of different processors, files that can't be locked. And what would be
 * faster: more rows a rank. They are appended to lists that the caller disposes of. Local. */
int spine_preflight_judge(const struct spine_rank_facts *ranks, int size,
                          const struct spine_run_facts *run, struct spine_words *warnings,
                          struct spine_words *advice, struct spine_error *err);

/* What all ranks found, on rank 0; elsewhere it is empty. */
struct spine_preflight {
    struct spine_rank_facts *ranks; /* owned; (size) */
    struct spine_run_facts run;
    char mpi[256]; /* the library, and how it transports messages */
    struct spine_words warnings, advice;
};

/* Look around. 'directory' is borrowed as long as the struct is used. Collective. */
int spine_preflight_init(struct spine_preflight *preflight, const struct spine_comm *comm,
                         const char *directory, int64_t batch_size, struct spine_error *err);
void spine_preflight_dispose(struct spine_preflight *preflight);

/* Log it at the start of a run: a line, warnings and advice. Collective. */
int spine_preflight_log(const struct spine_comm *comm, const char *directory, int64_t batch_size,
                        struct spine_error *err);

#endif
