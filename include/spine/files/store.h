/* store.h -- HDF5 files: creating, opening and closing them. See object.h, array.h, strings.h and
 * attribute.h for their contents; only these modules use HDF5.
 *
 * A file is written as PATH.part and published when it is complete (outfile.h):
 *
 *     one rank:   create, make, write, close, publish
 *     all ranks:  rank 0 creates the file, makes a dataset, finds the position of its rows in the
 *                 file (spine_array_make_at), and closes it; all ranks write their rows there
 *                 (spine_outfile_write); rank 0 publishes
 *
 * Each rank uses HDF5 by itself. If all ranks opened a store together (spine_store_open_all),
 * reading and closing are collective, so that a failure on one rank is a failure on all; a rank
 * without rows passes count 0. If one rank opened it alone, they are local.
 *
 * Our own files begin with two attributes of the root group: "format", a name such as
 * "spine-vectors", and "format_version", 1. A reader refuses another name or version. */
#ifndef SPINE_FILES_STORE_H
#define SPINE_FILES_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "spine/ranks/comm.h"

struct spine_store;

enum { SPINE_STORE_VERSION = 1 };

/* Programs with MPI call this before spine_comm_init(), so that HDF5 doesn't shut down in
 * MPI_Finalize(): after a failed write it would crash there and hide the message. */
void spine_store_init(void);

/* Begin PATH.part, see spine_outfile_create(). 'format' is NULL for a file in another program's
 * format. Local. Release the handle with spine_store_close(). */
int spine_store_create(struct spine_store **store, const char *path, const char *format,
                       struct spine_error *err);

/* Open for reading, alone or by all ranks together. Refuses, by name, a file that isn't HDF5 or,
 * unless 'format' is NULL, has another format. Only a file that can be read but makes no sense is
 * called damaged. The comm is borrowed until spine_store_close(). */
int spine_store_open(struct spine_store **store, const char *path, const char *format,
                     struct spine_error *err);
int spine_store_open_all(struct spine_store **store, struct spine_comm *comm, const char *path,
                         const char *format, struct spine_error *err);

/* Refuse an open file that isn't of this format. Local. */
int spine_store_check_format(struct spine_store *store, const char *format,
                             struct spine_error *err);

/* Refuse a file that was written to since it was opened for reading: HDF5 reads missing data as
 * zeros. */
int spine_store_check_unchanged(struct spine_store *store, struct spine_error *err);

/* Extend the file by 'bytes' bytes that HDF5 doesn't use, from byte *offset on, to be written after
 * the file is closed. Local. */
int spine_store_reserve(struct spine_store *store, int64_t bytes, int64_t *offset,
                        struct spine_error *err);

/* Flush and close the file, and release the handle even on failure. Also fails if an earlier
 * look-up failed (object.h, attribute.h). NULL is allowed. */
int spine_store_close(struct spine_store *store, struct spine_error *err);

/* End a file that was created as 'path': if rc is 0, close and publish it; if rc isn't 0 or that
 * fails, discard it. Returns 0 or -1; an error already in err is kept. Local. */
int spine_store_finish(struct spine_store *store, const char *path, int rc,
                       struct spine_error *err);

/* The HDF5 library's version, such as "1.10.8". */
void spine_store_library(char *text, size_t size);

#endif
