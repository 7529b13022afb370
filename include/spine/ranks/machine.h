/* machine.h -- the machine that a process runs on: its host and cores, and the memory and disk space
 * that are left.
 *
 * Cores and binding are hwloc's findings; memory and control groups are read from /proc and /sys, as
 * Linux has them. What can't be found out stays empty, or UINT64_MAX. Local. */
#ifndef SPINE_RANKS_MACHINE_H
#define SPINE_RANKS_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

enum { SPINE_MACHINE_CORES = 1024, SPINE_MACHINE_NAME = 64 };

/* Plain data, to be sent to other ranks as it is. */
struct spine_machine {
    char host[SPINE_MACHINE_NAME], processor[SPINE_MACHINE_NAME];
    int32_t host_cores;                       /* that are switched on; 0: unknown */
    int32_t num_cores;                        /* of them, that this process may use */
    uint64_t cores[SPINE_MACHINE_CORES / 64]; /* a bit each, by the number of a core's first CPU */
};

/* Describe this process's machine. Tests give another one as hwloc's synthetic description
 * ("core:4 pu:2") with the CPUs that the process may use ("0-1,5"); else both are NULL. */
void spine_machine_describe(struct spine_machine *machine, const char *synthetic,
                            const char *binding);

/* Is the process kept to some of its host's cores? */
bool spine_machine_is_bound(const struct spine_machine *machine);

/* Other processes of this host that are kept to the very CPUs that this one is kept to, and whose names
 * begin with 'name': up to 'most' of their ids into 'ids'. Returns how many there are; 0 where that
 * can't be found out. */
int spine_machine_rivals(const char *name, int32_t *ids, int most);

/* The bytes of memory that processes of this machine may still take without swapping, an estimate:
 * what the kernel thinks is available, and no more than the control groups of this process leave
 * it, be they of version 1 or 2. UINT64_MAX: unlimited, or unknown. 'root' is put before /proc and
 * /sys; "" but in tests. */
uint64_t spine_machine_memory_left(const char *root);

/* The bytes that this user may still write to the file system of 'path', or if nothing is there
 * yet, of the nearest directory above it; quotas aside. UINT64_MAX: unlimited, or unknown. */
uint64_t spine_machine_disk_left(const char *path);

/* The file system of a path that exists or will. */
struct spine_filesystem {
    const char *name; /* "NFS", ...; "local" for all that aren't networks */
    bool is_network, is_writable;
    bool locks; /* a file of the process could be locked there; true if that can't be tried */
};

/* Tries the locks on a file that it removes again. */
void spine_machine_filesystem(const char *path, struct spine_filesystem *filesystem);

#endif
