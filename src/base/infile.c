/* infile.c -- files to read. */
#include "spine/base/infile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int spine_infile_open(const char *path)
{
    const int descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (descriptor < 0)
        return -1;

    /* Only opening doesn't wait: what somebody writes into a pipe is waited for. */
    const int flags = fcntl(descriptor, F_GETFL);
    if (flags >= 0 && fcntl(descriptor, F_SETFL, flags & ~O_NONBLOCK) == 0)
        return descriptor;

    const int reason = errno;
    close(descriptor);
    errno = reason;
    return -1;
}

FILE *spine_infile_open_stream(const char *path)
{
    const int descriptor = spine_infile_open(path);
    FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "rb");

    if (descriptor >= 0 && file == NULL) {
        const int reason = errno;
        close(descriptor);
        errno = reason;
    }
    return file;
}

int spine_infile_fail(const char *path, struct spine_error *err)
{
    switch (errno) {
    case ENOENT:
    case EACCES:
    case EISDIR:
    case ENOTDIR:
    case ELOOP:
    case ENAMETOOLONG:
    case ENXIO:
    case EPERM:
        return spine_refuse(err, "%s: %s", path, strerror(errno));
    default:
        return spine_fail(err, "%s: %s", path, strerror(errno));
    }
}
