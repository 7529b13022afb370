/* outfile.c -- files that appear whole or not at all. */
#include "spine/base/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spine/base/memory.h"

char *spine_outfile_part(const char *path, struct spine_error *err)
{
    const size_t bytes = strlen(path) + sizeof ".part";
    char *part = spine_memory_get(bytes, 1, "a file's temporary name", err);

    if (part != NULL)
        snprintf(part, bytes, "%s.part", path);
    return part;
}

static int fail_path(const char *path, struct spine_error *err)
{
    return spine_fail(err, "%s: %s", path, strerror(errno));
}

/* Publishing would replace /dev/null, or the pipe behind /dev/stdout, by a file. */
static int check_place(const char *path, struct spine_error *err)
{
    struct stat facts;
    if (stat(path, &facts) != 0 || S_ISREG(facts.st_mode) || S_ISDIR(facts.st_mode))
        return 0;
    return spine_refuse(err, "%s: is a device or a pipe: not replaced by a file", path);
}

/* Returns the descriptor of the new file, or -1. */
static int open_part(const char *path, const char *part, struct spine_error *err)
{
    if (check_place(path, err))
        return -1;
    const int descriptor = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0666);
    if (descriptor < 0 && (errno == ENOENT || errno == EACCES || errno == ENOTDIR ||
                           errno == EISDIR || errno == ELOOP || errno == EROFS))
        spine_refuse(err, "%s: %s", part, strerror(errno));
    else if (descriptor < 0)
        fail_path(part, err);
    return descriptor;
}

int spine_outfile_create(const char *path, struct spine_error *err)
{
    char *part = spine_outfile_part(path, err);
    const int descriptor = part == NULL ? -1 : open_part(path, part, err);
    if (descriptor >= 0)
        close(descriptor);
    free(part);
    if (descriptor < 0)
        return -1;

    return 0;
}

FILE *spine_outfile_create_text(const char *path, struct spine_error *err)
{
    char *part = spine_outfile_part(path, err);
    const int descriptor = part == NULL ? -1 : open_part(path, part, err);
    FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "w");
    if (descriptor >= 0 && file == NULL) {
        fail_path(part, err);
        close(descriptor);
        unlink(part);
    }
    free(part);
    return file;
}

/* Bring a file's or directory's bytes to the disk. */
static int sync_path(const char *path, struct spine_error *err)
{
    const int descriptor = open(path, O_RDONLY);
    if (descriptor < 0)
        return fail_path(path, err);
    /* Some file systems can't fsync a directory: EINVAL there is not a failure. */
    const int rc = fsync(descriptor) != 0 && errno != EINVAL ? fail_path(path, err) : 0;
    close(descriptor);
    return rc;
}

/* Cut a path down to its directory. */
static const char *cut_to_directory(char *path)
{
    char *slash = strrchr(path, '/');
    if (slash == NULL)
        return ".";
    slash[slash == path] = '\0'; /* of "/a" the slash stays */
    return path;
}

int spine_outfile_publish(const char *path, struct spine_error *err)
{
    char *part = spine_outfile_part(path, err);
    int rc = part == NULL ? -1 : sync_path(part, err);
    if (rc == 0 && rename(part, path) != 0)
        rc = spine_fail(err, "%s: can't rename the finished file: %s", path, strerror(errno));
    if (rc == 0) {
        /* A directory that may be written but not read can't be synced. */
        const char *directory = cut_to_directory(part);
        rc = access(directory, R_OK) == 0 ? sync_path(directory, err) : 0;
    }
    free(part);
    return rc;
}

int spine_outfile_finish_text(FILE *file, const char *path, struct spine_error *err)
{
    int failed = ferror(file);
    failed = fclose(file) != 0 || failed;
    if (failed)
        fail_path(path, err);
    else if (spine_outfile_publish(path, err) == 0)
        return 0;
    spine_outfile_discard(path);
    return -1;
}

void spine_outfile_discard(const char *path)
{
    struct spine_error ignored;
    char *part = spine_outfile_part(path, &ignored);
    if (part != NULL)
        unlink(part);
    free(part);
}
