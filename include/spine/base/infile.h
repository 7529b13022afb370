/* infile.h -- files to read. */
#ifndef SPINE_BASE_INFILE_H
#define SPINE_BASE_INFILE_H

#include <stdio.h>

#include "spine/base/error.h"

/* Open a file for reading; -1, or NULL, with errno set, on failure. Never waits for a pipe that nobody
 * writes to: it is empty. */
int spine_infile_open(const char *path);
FILE *spine_infile_open_stream(const char *path);

/* Fill err with "PATH: REASON" of errno: a refusal where a person can mend it (no such file, no
 * permission), else a failure, as of a disk, which says nothing about the file. Returns -1. */
int spine_infile_fail(const char *path, struct spine_error *err);

#endif
