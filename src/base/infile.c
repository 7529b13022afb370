/* infile.c -- files to read. */
#include "spine/base/infile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int spine_infile_open(const char *path)
{
    const int descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (descriptor < 0)
        return -1;

    /* Only opening must not wait; reading waits for what is written to a pipe. */
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

bool spine_infile_is_pipe(const char *path)
{
    struct stat facts;

    if (strcmp(path, "-") == 0)
        return true;
    return stat(path, &facts) == 0 && !S_ISREG(facts.st_mode) && !S_ISDIR(facts.st_mode);
}

/* Can the user fix this error of a file? */
static bool is_mendable(int code)
{
    return code == ENOENT || code == EACCES || code == EISDIR || code == ENOTDIR || code == ELOOP ||
           code == ENAMETOOLONG || code == ENXIO || code == EPERM;
}

int spine_infile_fail(const char *path, struct spine_error *err)
{
    const int code = errno;

    spine_fail(err, "%s: %s%s", path, strerror(code),
               code == ENOENT && path[0] == '~'
                   ? "; the shell hasn't expanded '~': write the path in full"
                   : "");
    if (is_mendable(code))
        err->status = SPINE_EXIT_REFUSED;
    return -1;
}
