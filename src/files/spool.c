/* spool.c -- files into which something is unpacked. */
#include "spine/files/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spine/text/stream.h"

/* Create PREFIX.ENDING. */
static int create_named(struct spine_spool *file, const char *prefix, const char *ending,
                        struct spine_error *err)
{
    if (snprintf(file->path, SPINE_PATH, "%s.%s", prefix, ending) >= SPINE_PATH)
        return spine_refuse(err, "%.60s...: the path is too long", prefix);
    strcpy(file->name, file->path);
    unlink(file->path); /* a crash may have left it */
    file->descriptor = open(file->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    return file->descriptor < 0 ? spine_fail(err, "%s: %s", file->name, strerror(errno)) : 0;
}

/* Create a file without a name in the directory for temporary files, so that nothing is left of it
 * however the process ends. Where the system doesn't list open files, it keeps its name. */
static int create_unnamed(struct spine_spool *file, struct spine_error *err)
{
    const char *directory = getenv("TMPDIR");

    if (snprintf(file->name, SPINE_PATH, "%s/spine-XXXXXX",
                 directory == NULL ? "/tmp" : directory) >= SPINE_PATH)
        return spine_refuse(err, "TMPDIR: the path is too long");
    file->descriptor = mkstemp(file->name);
    if (file->descriptor < 0)
        return spine_fail(err, "TMPDIR: can't make %s: %s", file->name, strerror(errno));

    fcntl(file->descriptor, F_SETFD, FD_CLOEXEC); /* unpackers don't get it */
    snprintf(file->path, SPINE_PATH, "/proc/self/fd/%d", file->descriptor);
    if (access(file->path, R_OK) == 0)
        unlink(file->name);
    else
        strcpy(file->path, file->name);
    return 0;
}

/* Unlinking one without a name does nothing. */
void spine_spool_drop(const char *path, int descriptor)
{
    unlink(path);
    close(descriptor);
}

int spine_spool_make(struct spine_spool *file, const char *from, const char *prefix,
                     const char *ending, struct spine_error *err)
{
    if (prefix == NULL ? create_unnamed(file, err) : create_named(file, prefix, ending, err))
        return -1;
    if (spine_stream_save(from, file->descriptor, file->name, err) == 0)
        return 0;
    spine_spool_drop(file->path, file->descriptor);
    return -1;
}
