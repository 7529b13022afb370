/* openmpi.c -- what we know about Open MPI beyond the MPI standard. */
#include "spine/ranks/openmpi.h"

#include <fcntl.h>
#include <math.h>
#include <mpi.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_in_use(void)
{
#ifdef OPEN_MPI
    const char *value = getenv("SPINE_OPENMPI");
    return value == NULL || strcmp(value, "0") != 0;
#else
    return false;
#endif
}

/* Did mpirun, srun or another launcher start this process as a rank of a job? If in doubt, yes. In
 * the script of a Slurm job, SLURM_PROCID is also set for processes that srun didn't start. */
static bool is_launched(void)
{
    static const char *const variables[] = {
        "OMPI_COMM_WORLD_SIZE", /* mpirun */
        "PMIX_RANK",            /* mpirun, srun --mpi=pmix */
        "PMIX_NAMESPACE",       /* the same, early */
        "PMI_RANK",             /* srun --mpi=pmi2, MPICH */
        "SLURM_PROCID",         /* srun */
        "FLUX_TASK_RANK",       /* flux run */
        "PALS_RANKID",          /* Cray's launchers, new */
        "ALPS_APP_PE",          /* and old */
        "JSM_NAMESPACE_RANK",   /* IBM's jsrun */
    };
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
        if (getenv(variables[i]) != NULL)
            return true;
    return false;
}

bool spine_openmpi_is_alone(void)
{
    return is_in_use() && !is_launched();
}

void spine_openmpi_prepare(void)
{
    if (is_in_use())
        setenv("HWLOC_PLUGINS_BLACKLIST",
               "hwloc_cuda.so,hwloc_gl.so,hwloc_levelzero.so,hwloc_nvml.so,hwloc_opencl.so,hwloc_"
               "rsmi.so",
               0);
}

const char *spine_openmpi_shared_directory(void)
{
    const char *set = getenv("OMPI_MCA_osc_sm_backing_directory");

    if (!is_in_use())
        return NULL;
    return set != NULL ? set : "/dev/shm";
}

int spine_openmpi_terminal(void)
{
    const char *rank = getenv("OMPI_COMM_WORLD_RANK");
    char path[64];

    if (!is_in_use() || rank == NULL || strcmp(rank, "0") != 0)
        return -1;

    /* On its own host, mpirun is the parent of its ranks. */
    snprintf(path, sizeof path, "/proc/%ld/fd/2", (long)getppid());
    const int descriptor = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
    if (descriptor >= 0 && !isatty(descriptor)) {
        close(descriptor);
        return -1;
    }

    return descriptor;
}

/* Append to 'text' the names of a kind of plug-ins that /proc/self/maps lists, except those that
 * every process has. "sm" is empty in Open MPI 4. */
static void list_plugins(const char *kind, const char *before, char *text, size_t size)
{
    char line[512], family[8], name[32];
    FILE *maps = fopen("/proc/self/maps", "r");
    const char *separator = before;
    while (maps != NULL && fgets(line, sizeof line, maps) != NULL) {
        const char *file = strrchr(line, '/');
        if (file == NULL || sscanf(file, "/mca_%7[a-z]_%31[a-z0-9].so", family, name) != 2 ||
            strcmp(family, kind) != 0 || strcmp(name, "self") == 0 || strcmp(name, "sm") == 0)
            continue;
        const size_t length = strlen(text), named = strlen(name);
        /* A plug-in is mapped in several pieces, one after the other. */
        if (length >= named && strcmp(text + length - named, name) == 0)
            continue;
        snprintf(text + length, size - length, "%s%s", separator, name);
        separator = ", ";
    }
    if (maps != NULL)
        fclose(maps);
}

void spine_openmpi_transports(char *text, size_t size)
{
    text[0] = '\0';
    if (!is_in_use())
        return;

    list_plugins("pml", " (pml ", text, size);
    if (text[0] == '\0')
        return;
    list_plugins("mtl", "; mtl ", text, size);
    list_plugins("btl", "; btl ", text, size);
    snprintf(text + strlen(text), size - strlen(text), ")");
}

double spine_openmpi_kill_delay(void)
{
    const char *set = getenv("OMPI_MCA_odls_base_sigkill_timeout");

    if (getenv("OMPI_COMM_WORLD_SIZE") == NULL)
        return HUGE_VAL;
    return set == NULL ? 1 : strtod(set, NULL);
}
