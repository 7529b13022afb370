/* place.h -- where a process runs: its host, the cores it may use, the file system it writes to.
 *
 * Read from /proc and /sys, as Linux has them; what isn't there stays empty. Local. */
#ifndef SPINE_RANKS_PLACE_H
#define SPINE_RANKS_PLACE_H

#include <stdint.h>

enum { SPINE_PLACE_CORES = 1024, SPINE_PLACE_NAME = 64 };

/* Plain data, to be sent to other ranks as it is. */
struct spine_place {
    char host[SPINE_PLACE_NAME], processor[SPINE_PLACE_NAME];
    int32_t host_cores;                     /* that are switched on; 0: unknown */
    int32_t num_cores;                      /* of them, that this process may use */
    uint64_t cores[SPINE_PLACE_CORES / 64]; /* a bit each; a core has its first CPU's number */
};

/* 'root' stands before /proc and /sys; "" but in tests. */
void spine_place_look(struct spine_place *place, const char *root);

/* Is the process kept to some of its host's cores? */
int spine_place_is_bound(const struct spine_place *place);

/* The path itself, or if nothing is there yet, the nearest directory above it; 'directory' has
 * PATH_MAX bytes. Returns whether there is one. */
int spine_place_find_directory(const char *path, char *directory);

/* The file system of a path that is there or will be. */
struct spine_filesystem {
    const char *name; /* "NFS", ...; "local" for all that aren't networks */
    int is_network, is_writable;
    int locks; /* a file of the process could be locked there; 1 if that can't be tried */
};

/* Tries the locks on a file that it removes again. */
void spine_place_look_at_disk(const char *path, struct spine_filesystem *filesystem);

#endif
