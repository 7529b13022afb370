/* store.h -- HDF5 files: creating, opening and closing them. What is in one: object.h, array.h,
 * strings.h, attribute.h; only these modules use HDF5.
 *
 * A file is written as PATH.part and published when it is whole, as outfile.h has it:
 *
 *     one rank:   create, make, write, close, publish
 *     all ranks:  rank 0 creates, makes a dataset, finds where in the file its rows are
 *                 (spine_array_make_at), closes; all write theirs there (spine_outfile_write);
 *                 rank 0 publishes
 *
 * HDF5 itself is used by every rank alone. Of a store that all ranks opened together
 * (spine_store_open_all), reading and closing are collective only so that a failure on one rank is
 * one on all; a rank without rows takes part with count 0. On one that was opened alone they are
 * local.
 *
 * Our own files begin with two attributes of the root group: "format", a name such as
 * "spine-vectors", and "format_version", 1. A reader refuses another name or version. */
#ifndef SPINE_FILES_STORE_H
#define SPINE_FILES_STORE_H

#include <stddef.h>

#include "spine/ranks/comm.h"

struct spine_store;

enum { SPINE_STORE_VERSION = 1 };

/* To be called before spine_comm_init() by a program with MPI, so that HDF5 doesn't shut down in
 * MPI_Finalize(): after a failed write it would crash there and hide the message. */
void spine_store_init(void);

/* Begin PATH.part, see spine_outfile_create(). 'format' may be NULL (a file that isn't of a format
 * of ours). Local. The handle is released by spine_store_close(). */
int spine_store_create(struct spine_store **store, const char *path, const char *format,
                       struct spine_error *err);

/* Open for reading, alone or by all ranks together. Refuses a file that isn't HDF5 or of 'format'
 * (if not NULL), by name. Only one that can be read but makes no sense is called damaged. The comm is
 * borrowed until spine_store_close(). */
int spine_store_open(struct spine_store **store, const char *path, const char *format,
                     struct spine_error *err);
int spine_store_open_all(struct spine_store **store, struct spine_comm *comm, const char *path,
                         const char *format, struct spine_error *err);

/* Refuse an open file that isn't of this format. Local. */
int spine_store_check_format(struct spine_store *store, const char *format,
                             struct spine_error *err);

/* Refuse a file that somebody wrote to since it was opened for reading: HDF5 takes what is missing
 * for zeros. */
int spine_store_check_unchanged(struct spine_store *store, struct spine_error *err);

/* Flush, close and release the handle, whether it succeeds or not; fails, too, if a question whether
 * something is there couldn't be answered (object.h, attribute.h). NULL is allowed. */
int spine_store_close(struct spine_store *store, struct spine_error *err);

/* End a file that was created as 'path': if rc is 0 close and publish it; else, and where that fails,
 * discard it. Returns 0 or -1; what err says stays. Local. */
int spine_store_finish(struct spine_store *store, const char *path, int rc,
                       struct spine_error *err);

/* The HDF5 library's version, such as "1.10.8". */
void spine_store_library(char *text, size_t size);

#endif
