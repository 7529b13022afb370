/* infile.h -- files to read. */
#ifndef SPINE_BASE_INFILE_H
#define SPINE_BASE_INFILE_H

#include <stdio.h>

/* Open a file for reading; -1, or NULL, with errno set, on failure. Never waits for a pipe that nobody
 * writes to: it is empty. */
int spine_infile_open(const char *path);
FILE *spine_infile_open_stream(const char *path);

#endif
