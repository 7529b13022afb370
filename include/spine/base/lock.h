/* lock.h -- a file that is locked while a process is at work.
 *
 * POSIX record locks, which work on network file systems too. They belong to a process: they vanish
 * with it, they never keep it from itself, and closing any of its descriptors of the file gives its
 * lock up. */
#ifndef SPINE_BASE_LOCK_H
#define SPINE_BASE_LOCK_H

/* Open the file, creating it if need be, but not through a symbolic link. Returns its descriptor;
 * -1, with errno set, on failure. */
int spine_lock_open(const char *path);

/* Lock the open file, at once or not at all, or waiting until whoever holds it gives it up. */
enum spine_lock_mode { SPINE_LOCK_TRY, SPINE_LOCK_WAIT };
enum spine_lock_outcome {
    SPINE_LOCK_TAKEN,
    SPINE_LOCK_HELD,       /* by another process */
    SPINE_LOCK_IMPOSSIBLE, /* the file system can't; errno is set */
};
enum spine_lock_outcome spine_lock_take(int lock, enum spine_lock_mode mode);

/* Does another process hold the lock of this file? Not if there is no such file. */
int spine_lock_is_held(const char *path);

/* Close it, which gives the lock up; -1 is left alone. */
void spine_lock_release(int lock);

#endif
