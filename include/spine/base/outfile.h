/* outfile.h -- files that appear whole or not at all.
 *
 * A file is written as PATH.part and renamed to PATH once it is complete, so that PATH is never half
 * a file:
 *
 *     create, write, close, publish; if anything fails after the creation, discard
 *
 * If creating fails, there is nothing to discard. All of this is local. */
#ifndef SPINE_BASE_OUTFILE_H
#define SPINE_BASE_OUTFILE_H

#include <stdint.h>
#include <stdio.h>

#include "spine/base/error.h"

/* The name PATH.part, which the caller frees. NULL, with err filled, when memory runs out. */
char *spine_outfile_part(const char *path, struct spine_error *err);

/* Make PATH.part, empty, in place of one that a crash left; but not of one that another program is
 * writing, nor of a link or a pipe, which somebody may have planted. Refuses what the user can mend: a
 * missing directory, no permission; and to take the place of a device or a pipe. */
int spine_outfile_create(const char *path, struct spine_error *err);

/* The same, and open it as a stream; close it with fclose() or spine_outfile_finish_text(). NULL, with
 * err filled, on failure. */
FILE *spine_outfile_create_text(const char *path, struct spine_error *err);

/* Write all bytes to an open file, in as many calls as it takes; -1 with errno set. */
int spine_outfile_write_all(int descriptor, int64_t offset, const void *data, size_t count);

/* Write bytes of PATH.part from 'offset' on, or bring all of it to the disk; any process may, while
 * the one that made the file waits. */
int spine_outfile_write(const char *path, int64_t offset, const void *data, size_t bytes,
                        struct spine_error *err);
int spine_outfile_sync(const char *path, struct spine_error *err);

/* Rename PATH.part, closed, to PATH so that it survives a crash: the file and its directory are
 * synced. If only the directory can't be synced, PATH is there all the same. */
int spine_outfile_publish(const char *path, struct spine_error *err);

/* Close what spine_outfile_create_text() opened and publish it; if anything was not written,
 * discard it. */
int spine_outfile_finish_text(FILE *file, const char *path, struct spine_error *err);

/* Create a file of this text, and publish it. */
int spine_outfile_write_text(const char *path, const char *text, struct spine_error *err);

/* Remove PATH.part, if this process has made it. */
void spine_outfile_discard(const char *path);

#endif
