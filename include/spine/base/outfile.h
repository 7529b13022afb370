/* outfile.h -- files that appear whole or not at all.
 *
 * A file is written as PATH.part and renamed to PATH once it is complete, so PATH is never half a
 * file:
 *
 *     create, write, close, publish; if anything fails after the creation, discard
 *
 * If creating fails, there is nothing to discard. All functions are local. */
#ifndef SPINE_BASE_OUTFILE_H
#define SPINE_BASE_OUTFILE_H

#include <stdint.h>
#include <stdio.h>

#include "spine/base/error.h"

/* Return the name PATH.part, which the caller frees; NULL, with err filled, when out of memory. */
char *spine_outfile_part(const char *path, struct spine_error *err);

/* Refuse a directory, and an existing file whose text doesn't begin, after white space, with one of
 * the characters 'first': it was probably named by mistake. The message says that it is not 'kind',
 * such as "JSON". An empty file may be replaced. Devices and pipes are left to
 * spine_outfile_create(). */
int spine_outfile_check_kind(const char *path, const char *first, const char *kind,
                             struct spine_error *err);

/* Refuse a PATH that is a directory, a device or a pipe; spine_outfile_create() does so too. */
int spine_outfile_check_place(const char *path, struct spine_error *err);

/* Create an empty PATH.part. One that a crash left is replaced; one that another program is
 * writing, a link or a pipe, which somebody may have planted, is not. Refuses what the user can
 * fix, such as a missing directory or permission, and a PATH that is a directory, a device or a
 * pipe. */
int spine_outfile_create(const char *path, struct spine_error *err);

/* Create PATH.part and open it as a stream; close it with fclose(), spine_outfile_close_text() or
 * spine_outfile_finish_text(). Returns NULL, with err filled, on failure. */
FILE *spine_outfile_create_text(const char *path, struct spine_error *err);

/* Write all bytes to an open file, in several calls if need be. Returns -1, with errno set, on
 * failure. */
int spine_outfile_write_all(int descriptor, int64_t offset, const void *data, size_t count);

/* Write bytes of PATH.part from 'offset' on; sync all of it to the disk. Any process may call these
 * while the one that created the file waits. */
int spine_outfile_write(const char *path, int64_t offset, const void *data, size_t bytes,
                        struct spine_error *err);
int spine_outfile_sync(const char *path, struct spine_error *err);

/* Rename PATH.part, which must be closed, to PATH, and sync the file and its directory, so that
 * PATH survives a crash. If only the directory can't be synced, PATH exists nevertheless. */
int spine_outfile_publish(const char *path, struct spine_error *err);

/* Close what spine_outfile_create_text() opened; discard it if anything couldn't be written. */
int spine_outfile_close_text(FILE *file, const char *path, struct spine_error *err);

/* Close it and publish it; discard it on failure. */
int spine_outfile_finish_text(FILE *file, const char *path, struct spine_error *err);

/* Create and publish a file with this text. */
int spine_outfile_write_text(const char *path, const char *text, struct spine_error *err);

/* The same without syncing, for what a crash may undo: after one of the whole machine PATH may be
 * missing, as before, or empty. */
int spine_outfile_write_lightly(const char *path, const char *text, struct spine_error *err);

/* Remove PATH.part if this process created it. */
void spine_outfile_discard(const char *path);

#endif
