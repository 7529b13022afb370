/* lock.c -- a file lock, held while a process is at work. */
#include "spine/base/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "spine/base/clock.h"

int spine_lock_open(const char *path)
{
    return open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
}

/* Lock 'length' bytes from 'start' on; a length of 0 means to the end of the file, however it
 * grows. */
static enum spine_lock_outcome take(int lock, off_t start, off_t length)
{
    struct flock range = {
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
    int rc;

    do
        rc = fcntl(lock, F_SETLK, &range);
    while (rc != 0 && errno == EINTR);

    if (rc == 0)
        return SPINE_LOCK_TAKEN;
    return errno == EACCES || errno == EAGAIN ? SPINE_LOCK_HELD : SPINE_LOCK_IMPOSSIBLE;
}

enum spine_lock_outcome spine_lock_take(int lock, double seconds)
{
    /* Always as long: if naps grew, those who come would be served before those who wait. */
    const struct timespec nap = {.tv_nsec = 5 * 1000 * 1000};
    const double end = spine_clock_now() + seconds;

    /* F_SETLKW would wait for ever for a process that is stopped. */
    for (;;) {
        const enum spine_lock_outcome outcome = take(lock, 0, 0);
        if (outcome != SPINE_LOCK_HELD || spine_clock_now() >= end)
            return outcome;
        nanosleep(&nap, NULL);
    }
}

enum spine_lock_outcome spine_lock_take_byte(int lock, size_t byte)
{
    return take(lock, (off_t)byte, 1);
}

void spine_lock_release_byte(int lock, size_t byte)
{
    struct flock range = {
        .l_type = F_UNLCK, .l_whence = SEEK_SET, .l_start = (off_t)byte, .l_len = 1};
    fcntl(lock, F_SETLK, &range);
}

/* Find the locks in [start, end). The system reports one lock of a range, not always the first, so
 * the bytes before it are searched again. */
static int find_held(int lock, off_t start, off_t end, bool *held)
{
    while (start < end) {
        struct flock range = {
            .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = start, .l_len = end - start};
        if (fcntl(lock, F_GETLK, &range) != 0)
            return -1;
        if (range.l_type == F_UNLCK)
            return 0;

        const off_t first = range.l_start > start ? range.l_start : start;
        off_t last = range.l_len == 0 ? end : range.l_start + range.l_len;
        last = last > first ? last : first + 1;
        last = last < end ? last : end;
        for (off_t byte = first; byte < last; byte++)
            held[byte] = true;
        if (find_held(lock, start, first, held))
            return -1;
        start = last;
    }
    return 0;
}

int spine_lock_find_held(int lock, size_t count, bool *held)
{
    return find_held(lock, 0, (off_t)count, held);
}

enum spine_lock_outcome spine_lock_claim(int descriptor)
{
#ifdef F_OFD_SETLK
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(descriptor, F_OFD_SETLK, &whole) == 0)
        return SPINE_LOCK_TAKEN;
    return errno == EACCES || errno == EAGAIN ? SPINE_LOCK_HELD : SPINE_LOCK_IMPOSSIBLE;
#else
    (void)descriptor;
    return SPINE_LOCK_IMPOSSIBLE;
#endif
}

int spine_lock_is_held(const char *path, bool *is_held)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    const int descriptor = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);

    *is_held = false;
    if (descriptor < 0)
        return errno == ENOENT || errno == ENOTDIR ? 0 : -1;

    *is_held = fcntl(descriptor, F_GETLK, &whole) == 0 && whole.l_type != F_UNLCK;
    close(descriptor);
    return 0;
}

void spine_lock_release(int lock)
{
    if (lock >= 0)
        close(lock);
}
