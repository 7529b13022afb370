/* archive.h -- one file of a zip archive, unpacked.
 *
 * Archives need random access, so they can't be read from a pipe. */
#ifndef SPINE_TEXT_ARCHIVE_H
#define SPINE_TEXT_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>

#include "spine/base/error.h"

struct spine_archive;

/* Set *is to whether a file begins as a zip archive with files does. A file that the user can't
 * open isn't one: opening it again reports why. */
int spine_archive_is(const char *file, bool *is, struct spine_error *err);

/* Open the file 'inner' of the archive 'file'; the .npy of an array's name may be missing. If
 * 'inner' is NULL, open the only file; if there are several, the refusal lists their names.
 * Messages about the data begin with 'path', here and below. */
int spine_archive_open(struct spine_archive **archive, const char *file, const char *inner,
                       const char *path, struct spine_error *err);

/* Read up to 'size' bytes; *got is 0 only at the end. Refuses damaged data. */
int spine_archive_read(struct spine_archive *archive, void *to, size_t size, size_t *got,
                       const char *path, struct spine_error *err);

/* NULL is allowed. */
void spine_archive_close(struct spine_archive *archive);

/* Call visit(name, data) for each file in a zip archive, except directories and macOS metadata,
 * until it returns false. */
int spine_archive_list(const char *file, bool (*visit)(const char *name, void *data), void *data,
                       struct spine_error *err);

/* Call visit(name, start, bytes, data) for each file whose name ends in 'ending', with its first
 * bytes, up to 'most', until it returns -1, which is a failure: visit fills its own error. The
 * archive is opened once, and nothing else is unpacked. */
int spine_archive_list_starts(const char *file, const char *ending, size_t most,
                              int (*visit)(const char *name, const void *start, size_t bytes,
                                           void *data),
                              void *data, struct spine_error *err);

#endif
