/* lock.c -- a file lock, held while a process is at work. */
#include "spine/base/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int spine_lock_open(const char *path)
{
    return open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
}

enum spine_lock_outcome spine_lock_take(int lock, enum spine_lock_mode mode)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int rc;

    do
        rc = fcntl(lock, mode == SPINE_LOCK_WAIT ? F_SETLKW : F_SETLK, &whole);
    while (rc != 0 && errno == EINTR);

    if (rc == 0)
        return SPINE_LOCK_TAKEN;
    return errno == EACCES || errno == EAGAIN ? SPINE_LOCK_HELD : SPINE_LOCK_IMPOSSIBLE;
}

bool spine_lock_is_held(const char *path)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    const int descriptor = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);

    if (descriptor < 0)
        return false;

    const bool held = fcntl(descriptor, F_GETLK, &whole) == 0 && whole.l_type != F_UNLCK;
    close(descriptor);
    return held;
}

void spine_lock_release(int lock)
{
    if (lock >= 0)
        close(lock);
}
