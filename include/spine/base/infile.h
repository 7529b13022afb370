/* infile.h -- files to read. */
#ifndef SPINE_BASE_INFILE_H
#define SPINE_BASE_INFILE_H

#include <stdbool.h>
#include <stdio.h>

#include "spine/base/error.h"

/* Open a file for reading; on failure return -1, or NULL, with errno set. A named pipe without a
 * writer reads as empty; opening it doesn't wait for one. */
int spine_infile_open(const char *path);
FILE *spine_infile_open_stream(const char *path);

/* Is it standard input, "-", or a named pipe or device, which can be read only once? */
bool spine_infile_is_pipe(const char *path);

/* Fill err with "PATH: REASON" from errno: a refusal if the user can fix it (no such file, no
 * permission), else a failure, such as a disk's, which says nothing about the file. Returns -1. */
int spine_infile_fail(const char *path, struct spine_error *err);

#endif
