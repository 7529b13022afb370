/* present.c -- is there a file of this name? */
#include "spine/base/present.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spine/base/infile.h"

int spine_present(const char *path, bool *is, struct spine_error *err)
{
    struct stat facts;

    *is = stat(path, &facts) == 0;
    if (*is || errno == ENOENT || errno == ENOTDIR)
        return 0;
    return spine_infile_fail(path, err);
}

int spine_present_readable(const char *path, bool *is, struct spine_error *err)
{
    *is = access(path, R_OK) == 0;
    if (*is || errno == ENOENT || errno == ENOTDIR || errno == EACCES || errno == ELOOP ||
        errno == ENAMETOOLONG)
        return 0;
    return spine_fail(err, "%s: %s", path, strerror(errno));
}
