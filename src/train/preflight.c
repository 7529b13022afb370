/* preflight.c -- is the machine set up well for a run, and if not, what would help? */
#include "spine/train/preflight.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spine/base/log.h"
#include "spine/math/kernels.h"
#include "spine/ranks/openmpi.h"

typedef bool is_alike(const struct spine_rank_facts *a, const struct spine_rank_facts *b);

static bool same_host(const struct spine_rank_facts *a, const struct spine_rank_facts *b)
{
    return strcmp(a->machine.host, b->machine.host) == 0;
}

static bool same_cores(const struct spine_rank_facts *a, const struct spine_rank_facts *b)
{
    return same_host(a, b) &&
           memcmp(a->machine.cores, b->machine.cores, sizeof a->machine.cores) == 0;
}

static bool same_processor(const struct spine_rank_facts *a, const struct spine_rank_facts *b)
{
    return strcmp(a->machine.processor, b->machine.processor) == 0 &&
           strcmp(a->kernels, b->kernels) == 0 && strcmp(a->blas, b->blas) == 0;
}

/* Count the ranks that are like this one; 0 if they were counted with an earlier one. */
static int count_alike(const struct spine_rank_facts *ranks, int size, int rank, is_alike *alike)
{
    int count = 0;
    for (int other = 0; other < size; other++) {
        if (!alike(&ranks[rank], &ranks[other]))
            continue;
        if (other < rank)
            return 0;
        count++;
    }
    return count;
}

/* --- The line ----------------------------------------------------------------------------- */

/* "each rank bound to 1 core", if that is true of all ranks. */
static void describe_binding(const struct spine_rank_facts *ranks, int size, char *text,
                             size_t text_size)
{
    assert(size > 0);
    int bound = 0, alike = 1;
    for (int rank = 0; rank < size; rank++) {
        bound += spine_machine_is_bound(&ranks[rank].machine);
        alike = alike && ranks[rank].machine.num_cores == ranks[0].machine.num_cores;
    }
    const int cores = ranks[0].machine.num_cores;
    if (bound == 0)
        snprintf(text, text_size, "not bound");
    else if (bound == size && alike)
        snprintf(text, text_size, "%sbound to %d core%s", size == 1 ? "" : "each rank ", cores,
                 cores == 1 ? "" : "s");
    else
        snprintf(text, text_size, "%d of them bound", bound);
}

void spine_preflight_describe_host(const struct spine_rank_facts *ranks, int size, char *text,
                                   size_t text_size)
{
    const int cores = ranks->machine.host_cores;
    char binding[64];

    describe_binding(ranks, size, binding, sizeof binding);
    snprintf(text, text_size, "%d rank%s%s, %s", size, size == 1 ? "" : "s",
             cores > 0 && size > cores ? " (more than cores)" : "", binding);
}

void spine_preflight_describe(const struct spine_rank_facts *ranks, int size, char *text,
                              size_t text_size)
{
    char binding[64];
    int hosts = 0, least = size, most = 0, too_many = 0;
    for (int rank = 0; rank < size; rank++) {
        const int here = count_alike(ranks, size, rank, same_host);
        if (here == 0)
            continue;
        hosts++;
        least = here < least ? here : least;
        most = here > most ? here : most;
        too_many |= ranks[rank].machine.host_cores > 0 && here > ranks[rank].machine.host_cores;
    }
    describe_binding(ranks, size, binding, sizeof binding);
    const char *more = too_many ? " (more than cores)" : "";
    if (least == most)
        snprintf(text, text_size, "%d host%s with %d rank%s%s%s, %s", hosts, hosts == 1 ? "" : "s",
                 most, most == 1 ? "" : "s", hosts == 1 ? "" : " each", more, binding);
    else
        snprintf(text, text_size, "%d hosts with %d to %d ranks%s, %s", hosts, least, most, more,
                 binding);
}

/* --- The warnings ------------------------------------------------------------------------- */

static int add(struct spine_words *list, struct spine_error *err, const char *format, ...)
    SPINE_PRINTF(3, 4);

static int add(struct spine_words *list, struct spine_error *err, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return spine_words_add(list, text, strlen(text), err);
}

/* Warn about ranks that are bound to fewer cores than there are ranks. One case is enough. */
static int check_binding(const struct spine_rank_facts *ranks, int size,
                         struct spine_words *warnings, struct spine_error *err)
{
    for (int rank = 0; rank < size; rank++) {
        const struct spine_machine *machine = &ranks[rank].machine;
        const int sharing =
            spine_machine_is_bound(machine) ? count_alike(ranks, size, rank, same_cores) : 0;
        char cores[32] = "core and share it";
        if (machine->num_cores > 1)
            snprintf(cores, sizeof cores, "%d cores and share them", (int)machine->num_cores);
        if (sharing > machine->num_cores)
            return add(warnings, err,
                       "%d ranks on %s are bound to the same %s; give each its own core (mpirun "
                       "--map-by core --bind-to core; srun --cpu-bind=cores), or turn binding off "
                       "(mpirun --bind-to none)",
                       sharing, machine->host, cores);
    }
    return 0;
}

/* Is the process of this id one of the ranks on this host? */
static bool is_rank(const struct spine_rank_facts *ranks, int size, const char *host,
                    int32_t process)
{
    for (int rank = 0; rank < size; rank++)
        if (ranks[rank].process == process && strcmp(ranks[rank].machine.host, host) == 0)
            return true;
    return false;
}

/* Warn about another job on a rank's only core: two mpirun on one host both begin with core 0. */
static int check_rivals(const struct spine_rank_facts *ranks, int size,
                        struct spine_words *warnings, struct spine_error *err)
{
    for (int rank = 0; rank < size; rank++)
        for (int i = 0; i < ranks[rank].num_rivals; i++) {
            const char *host = ranks[rank].machine.host;
            const int32_t rival = ranks[rank].rivals[i];
            if (!is_rank(ranks, size, host, rival))
                return add(warnings, err,
                           "rank %d on %s is bound to a core that another job is bound to, too "
                           "(process %d), and shares it; give each job its own cores (mpirun "
                           "--cpu-set), or turn binding off (mpirun --bind-to none)",
                           rank, host, (int)rival);
        }
    return 0;
}

static int check_threads(const struct spine_rank_facts *ranks, int size,
                         struct spine_words *warnings, struct spine_error *err)
{
    for (int rank = 0; rank < size; rank++) {
        const struct spine_rank_facts *facts = &ranks[rank];
        const int here = count_alike(ranks, size, rank, same_host);
        const int cores = facts->machine.host_cores;
        if (facts->blas_threads > 1 && cores > 0 && here * facts->blas_threads > cores)
            return add(warnings, err,
                       "%d rank%s on %s with %d BLAS threads%s, but only %d core%s; set "
                       "OPENBLAS_NUM_THREADS=1: one rank per core is faster",
                       here, here == 1 ? "" : "s", facts->machine.host, facts->blas_threads,
                       here == 1 ? "" : " each", cores, cores == 1 ? "" : "s");
    }
    return 0;
}

static int check_processors(const struct spine_rank_facts *ranks, int size,
                            struct spine_words *warnings, struct spine_error *err)
{
    for (int rank = 1; rank < size; rank++) {
        const struct spine_rank_facts *first = &ranks[0], *other = &ranks[rank];
        if (!same_processor(first, other))
            return add(warnings, err,
                       "the ranks' processors differ: %s has %s (%s; %s), %s has %s (%s; %s); "
                       "every step waits for the slowest; request hosts of one kind "
                       "(sbatch --constraint)",
                       first->machine.host, first->machine.processor, first->kernels, first->blas,
                       other->machine.host, other->machine.processor, other->kernels, other->blas);
    }
    return 0;
}

static int check_disk(const struct spine_run_facts *run, struct spine_words *warnings,
                      struct spine_error *err)
{
    const struct spine_filesystem *filesystem = &run->filesystem;
    if (!filesystem->is_writable)
        return add(warnings, err,
                   "output.directory: %s can't be written to; choose another, or change its "
                   "permissions",
                   run->directory);
    if (filesystem->locks)
        return 0;
    return add(
        warnings, err,
        "%s is on a file system (%s) that can't lock files, so nothing stops a second run from "
        "writing to it; choose another output.directory%s",
        run->directory, filesystem->name,
        run->hdf5_locks ? ", or set HDF5_USE_FILE_LOCKING=FALSE, without which HDF5 "
                          "can't open files there"
                        : "");
}

int spine_preflight_check(const struct spine_rank_facts *ranks, int size,
                          const struct spine_run_facts *run, struct spine_words *warnings,
                          struct spine_error *err)
{
    if (check_binding(ranks, size, warnings, err) || check_rivals(ranks, size, warnings, err) ||
        check_threads(ranks, size, warnings, err) || check_processors(ranks, size, warnings, err) ||
        check_disk(run, warnings, err))
        return -1;
    return 0;
}

/* --- All ranks ---------------------------------------------------------------------------- */

static void collect(struct spine_rank_facts *facts)
{
    char blas[256];
    memset(facts, 0, sizeof *facts); /* padding is sent too */
    spine_machine_describe(&facts->machine, NULL, NULL);
    spine_kernel_library(blas, sizeof blas);
    snprintf(facts->blas, sizeof facts->blas, "%.*s", SPINE_MACHINE_NAME - 1, blas);
    snprintf(facts->kernels, sizeof facts->kernels, "%s",
             spine_processor_names[spine_kernel_processor()]);
    facts->blas_threads = spine_kernel_threads();
    facts->process = getpid();
    if (spine_machine_is_bound(&facts->machine) && facts->machine.num_cores == 1) {
        const int count = spine_machine_rivals("spine-", facts->rivals, SPINE_PREFLIGHT_RIVALS);
        facts->num_rivals = count < SPINE_PREFLIGHT_RIVALS ? count : SPINE_PREFLIGHT_RIVALS;
    }
}

static bool is_off(const char *variable)
{
    const char *value = getenv(variable);
    return value != NULL && (strcmp(value, "FALSE") == 0 || strcmp(value, "0") == 0);
}

int spine_preflight_init(struct spine_preflight *preflight, const struct spine_comm *comm,
                         const char *directory, struct spine_error *err)
{
    struct spine_rank_facts mine;
    char *all = NULL, library[128], transports[96];
    size_t bytes;
    *preflight = (struct spine_preflight){
        .run = {.directory = directory, .hdf5_locks = !is_off("HDF5_USE_FILE_LOCKING")}};

    collect(&mine);
    if (spine_comm_gather(comm, &mine, sizeof mine, &all, &bytes, err))
        return -1;

    int rc = 0;
    if (comm->rank == 0) {
        preflight->ranks = (struct spine_rank_facts *)(void *)all;
        spine_machine_filesystem(directory, &preflight->run.filesystem);
        spine_comm_library(library, sizeof library);
        spine_openmpi_transports(transports, sizeof transports);
        snprintf(preflight->mpi, sizeof preflight->mpi, "%s%s", library, transports);
        rc = spine_preflight_check(preflight->ranks, comm->size, &preflight->run,
                                   &preflight->warnings, err);
    }
    return spine_comm_agree(comm, rc, err);
}

void spine_preflight_dispose(struct spine_preflight *preflight)
{
    free(preflight->ranks);
    spine_words_dispose(&preflight->warnings);
    *preflight = (struct spine_preflight){0};
}

int spine_preflight_log(const struct spine_comm *comm, const char *directory,
                        struct spine_error *err)
{
    struct spine_preflight preflight;
    char ranks[128];
    const int rc = spine_preflight_init(&preflight, comm, directory, err);
    if (rc == 0 && preflight.ranks != NULL) {
        spine_preflight_describe(preflight.ranks, comm->size, ranks, sizeof ranks);
        spine_log(SPINE_LOG_INFO, "%s; %s; %s; %s", ranks, preflight.ranks->kernels,
                  preflight.ranks->blas, preflight.mpi);
        for (size_t i = 0; i < preflight.warnings.count; i++)
            spine_log_warning("%s", spine_words_get(&preflight.warnings, i));
    }
    spine_preflight_dispose(&preflight);
    return rc;
}
