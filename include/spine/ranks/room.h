/* room.h -- how much memory and disk space there still is.
 *
 * Both are estimates: what others take a moment later, quotas, and what a file system can't say are
 * not in them. UINT64_MAX is "as much as you like": nothing is known. Local. */
#ifndef SPINE_RANKS_ROOM_H
#define SPINE_RANKS_ROOM_H

#include <stdint.h>

/* The bytes of memory that processes of this machine may still take without swapping: what the
 * kernel thinks is available, and no more than the control groups of this process leave it, be they
 * of version 1 or 2. 'root' stands before /proc and /sys; "" but in tests. */
uint64_t spine_room_memory(const char *root);

/* The bytes that this user may still write to the file system of 'path', or if nothing is there
 * yet, of the nearest directory above it. */
uint64_t spine_room_disk(const char *path);

#endif
