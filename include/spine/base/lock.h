/* lock.h -- a file lock, held while a process is at work.
 *
 * POSIX record locks, which work on network file systems too. They belong to a process: they vanish
 * with it, never exclude it itself, and are lost when it closes any descriptor of the file. */
#ifndef SPINE_BASE_LOCK_H
#define SPINE_BASE_LOCK_H

#include <stdbool.h>
#include <stddef.h>

/* Open the file, creating it if necessary, but never through a symbolic link. Returns its descriptor;
 * -1, with errno set, on failure. */
int spine_lock_open(const char *path);

/* Lock the open file: give up at once if another process holds the lock, or wait for it. */
enum spine_lock_mode { SPINE_LOCK_TRY, SPINE_LOCK_WAIT };
enum spine_lock_outcome {
    SPINE_LOCK_TAKEN,
    SPINE_LOCK_HELD,       /* by another process */
    SPINE_LOCK_IMPOSSIBLE, /* not on this file system; errno is set */
};
enum spine_lock_outcome spine_lock_take(int lock, enum spine_lock_mode mode);

/* Lock one byte of the open file, at once or not at all, and give it up. A file has as many locks as
 * bytes, also beyond its end. */
enum spine_lock_outcome spine_lock_take_byte(int lock, size_t byte);
void spine_lock_release_byte(int lock, size_t byte);

/* Set held[i] to true for each of the first 'count' bytes that another process has locked. The file
 * may be open for reading only. -1, with errno set, on failure. */
int spine_lock_find_held(int lock, size_t count, bool *held);

/* Lock an open file, at once or not at all, until the last copy of its descriptor is closed: unlike
 * above, other descriptors of the file don't matter. */
enum spine_lock_outcome spine_lock_claim(int descriptor);

/* Does another process hold the lock of this file? None holds that of a file that doesn't exist, also
 * for want of its directory. -1, with errno set, if the file can't be opened. */
int spine_lock_is_held(const char *path, bool *is_held);

/* Close the descriptor, which releases the lock; -1 does nothing. */
void spine_lock_release(int lock);

#endif
