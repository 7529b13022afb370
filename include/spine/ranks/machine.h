/* machine.h -- the machine that a process runs on: its host and cores, and the memory and disk
 * space that are left.
 *
 * Cores and binding come from hwloc; memory and control groups are read from Linux's /proc and
 * /sys. What can't be determined stays empty, or is UINT64_MAX. Local. */
#ifndef SPINE_RANKS_MACHINE_H
#define SPINE_RANKS_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

enum { SPINE_MACHINE_CORES = 1024, SPINE_MACHINE_NAME = 64 };

/* Plain data, to be sent to other ranks as it is. */
struct spine_machine {
    char host[SPINE_MACHINE_NAME], processor[SPINE_MACHINE_NAME];
    int32_t host_cores;                       /* cores of the host that are online; 0: unknown */
    int32_t num_cores;                        /* those that this process may use */
    uint64_t cores[SPINE_MACHINE_CORES / 64]; /* a bit each, by the number of a core's first CPU */
};

/* Describe this process's machine. Tests pass another machine as hwloc's synthetic description
 * ("core:4 pu:2") and the CPUs that the process may use ("0-1,5"); otherwise both are NULL. */
void spine_machine_describe(struct spine_machine *machine, const char *synthetic,
                            const char *binding);

/* Is the process bound to some of its host's cores? */
bool spine_machine_is_bound(const struct spine_machine *machine);

/* Find other processes on this host that are bound to exactly the CPUs of this one, and whose names
 * begin with 'name'. Writes up to 'most' of their ids to 'ids'. Returns their number; 0 if that
 * can't be determined. */
int spine_machine_rivals(const char *name, int32_t *ids, int most);

/* Estimate the bytes of memory that can still be allocated without swapping: what the kernel
 * reports as available, limited by the control groups of this process, version 1 or 2. UINT64_MAX:
 * unlimited, or unknown. 'root' is put before /proc and /sys; it is "" except in tests. */
uint64_t spine_machine_memory_left(const char *root);

/* The bytes that this user may still write to the file system of 'path' or, if 'path' doesn't
 * exist, of the nearest directory above it. Ignores quotas. UINT64_MAX: unlimited, or unknown. */
uint64_t spine_machine_disk_left(const char *path);

/* The file system of a path. */
struct spine_filesystem {
    const char *name; /* "NFS", ...; "local" for all that aren't network file systems */
    bool is_network, is_writable;
    bool locks; /* file locks work there, or couldn't be tried */
};

/* Describe the file system of a path, which needn't exist. Tries locks on a temporary file. */
void spine_machine_filesystem(const char *path, struct spine_filesystem *filesystem);

#endif
