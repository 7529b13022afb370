/* changes.c -- the file .changes of a sweep: whose records were written, in order. */
#include "spine/sweep/changes.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spine/base/memory.h"
#include "spine/base/number.h"
#include "spine/base/outfile.h"

/* An entry of .changes: the number of a trial whose record is about to be written. */
enum { ENTRY = 8 };

/* Open the file .changes and find its length; a partial entry at its end, left by a crash, doesn't
 * count. A pipe in its place isn't waited for. */
static int open_changes(const char *path, int flags, int *file, off_t *size,
                        struct spine_error *err)
{
    *file = open(path, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);
    *size = 0;
    if (*file < 0 && errno == ENOENT)
        return 0;
    if (*file >= 0)
        *size = lseek(*file, 0, SEEK_END);
    if (*file < 0 || *size < 0) {
        if (errno == ESPIPE)
            spine_refuse(err, "%s: is not a regular file", path);
        else
            spine_fail(err, "%s: %s", path, strerror(errno));
        if (*file >= 0)
            close(*file);
        return -1;
    }
    *size -= *size % ENTRY;
    return 0;
}

int spine_changes_note(const char *path, size_t trial, struct spine_error *err)
{
    char entry[ENTRY + 16];
    int file = -1, rc = 0;
    off_t size = 0;

    if (open_changes(path, O_RDWR | O_CREAT, &file, &size, err))
        return -1;
    snprintf(entry, sizeof entry, "%0*zu\n", ENTRY - 1, trial);
    if (spine_outfile_write_all(file, size, entry, ENTRY) != 0)
        rc = spine_fail(err, "%s: %s", path, strerror(errno));
    if (close(file) != 0 && rc == 0)
        rc = spine_fail(err, "%s: %s", path, strerror(errno));
    return rc;
}

/* Read the entries from 'seen' to the end. */
static int read_entries(int file, off_t seen, const char *path, struct spine_changed *changed,
                        struct spine_error *err)
{
    char entry[ENTRY];

    for (off_t at = seen; changed->is_known && at < changed->end; at += ENTRY) {
        int64_t trial = 0;
        const ssize_t got = pread(file, entry, ENTRY, at);
        if (got < 0)
            return spine_fail(err, "%s: %s", path, strerror(errno));
        changed->is_known = got == ENTRY && entry[ENTRY - 1] == '\n';
        entry[ENTRY - 1] = '\0';
        changed->is_known = changed->is_known && spine_number_whole(entry, 0, INT_MAX, &trial) == 0;
        if (spine_memory_reserve(&changed->trials, &changed->capacity, changed->count + 1,
                                 sizeof *changed->trials, "a sweep's changes", err))
            return -1;
        changed->trials[changed->count++] = (size_t)trial;
    }

    return 0;
}

int spine_changes_read(const struct spine_changes *changes, const char *path,
                       struct spine_changed *changed, struct spine_error *err)
{
    int file = -1;

    *changed = (struct spine_changed){.trials = NULL};
    if (open_changes(path, O_RDONLY, &file, &changed->end, err))
        return -1;
    changed->is_known = changes->is_read && changed->end >= changes->seen;
    const int rc = read_entries(file, changes->seen, path, changed, err);
    if (file >= 0)
        close(file);
    if (rc != 0) {
        free(changed->trials);
        return -1;
    }

    return 0;
}

void spine_changes_settle(struct spine_changes *changes, const struct spine_changed *changed)
{
    *changes = (struct spine_changes){.is_read = true, .seen = changed->end};
}
