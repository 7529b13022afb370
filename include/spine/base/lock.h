/* lock.h -- a file lock, held while a process is at work.
 *
 * These are POSIX record locks, which also work on network file systems. A lock belongs to a
 * process: it ends with the process, doesn't exclude the process itself, and is lost when the
 * process closes any descriptor of the file. */
#ifndef SPINE_BASE_LOCK_H
#define SPINE_BASE_LOCK_H

#include <stdbool.h>
#include <stddef.h>

/* Open the file, creating it if necessary, but never through a symbolic link. Returns its
 * descriptor; -1, with errno set, on failure. */
int spine_lock_open(const char *path);

enum spine_lock_outcome {
    SPINE_LOCK_TAKEN,
    SPINE_LOCK_HELD,       /* by another process */
    SPINE_LOCK_IMPOSSIBLE, /* not on this file system; errno is set */
};

/* Lock the open file; if another process holds the lock, wait up to so many seconds. */
enum spine_lock_outcome spine_lock_take(int lock, double seconds);

/* Lock one byte of the open file without waiting; release it. Every byte is a lock of its own, also
 * beyond the end of the file. */
enum spine_lock_outcome spine_lock_take_byte(int lock, size_t byte);
void spine_lock_release_byte(int lock, size_t byte);

/* Set held[i] to true for each of the first 'count' bytes that another process has locked. The file
 * may be open for reading only. -1, with errno set, on failure. */
int spine_lock_find_held(int lock, size_t count, bool *held);

/* Lock an open file without waiting, until the last copy of its descriptor is closed. Unlike above,
 * closing other descriptors of the file doesn't release the lock. */
enum spine_lock_outcome spine_lock_claim(int descriptor);

/* Does another process hold the lock of this file? No, if the file or its directory doesn't exist.
 * Returns -1, with errno set, if the file can't be opened. */
int spine_lock_is_held(const char *path, bool *is_held);

/* Close the descriptor, which releases the lock; -1 does nothing. */
void spine_lock_release(int lock);

#endif
