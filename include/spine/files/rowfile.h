/* rowfile.h -- the rows of vectors.h5, read in any order, in the background.
 *
 * The dataset /vectors, as spine-convert writes it, is one stretch of the file, so that its rows can be
 * read by pread(): HDF5 isn't needed, which another thread may be using (checkpoint.h), and nothing is
 * cached by the process. Reading ahead is left to the kernel, which is told what comes next.
 *
 * Reading doesn't fail by itself: rows that can't be read are NaN, and spine_rowfile_check() has the
 * reason, as ferror() has. All of it is local. */
#ifndef SPINE_FILES_ROWFILE_H
#define SPINE_FILES_ROWFILE_H

#include <stddef.h>

#include "spine/base/error.h"

struct spine_store; /* store.h */

struct spine_rowfile;

/* Rows that are read in one piece, at most. */
enum { SPINE_ROWFILE_ROWS = 64 };

/* Open the vectors of 'store', which is open for reading, (any, D). Refuses a dataset that is
 * compressed, in chunks, or of other numbers than native floats. */
int spine_rowfile_open(struct spine_rowfile **rows, struct spine_store *store, const char *path,
                       size_t dim, struct spine_error *err);

/* Read 'count' rows from 'first' on; in memory one begins every 'stride' numbers, those after the D-th
 * being zeros. */
void spine_rowfile_read(struct spine_rowfile *rows, size_t first, size_t count, size_t stride,
                        float *values);

/* Rows that will be read soon. */
void spine_rowfile_expect(const struct spine_rowfile *rows, size_t first, size_t count);

/* Fail if a row couldn't be read, and refuse a file that was written to since it was opened. */
int spine_rowfile_check(const struct spine_rowfile *rows, struct spine_error *err);

/* NULL is allowed. */
void spine_rowfile_close(struct spine_rowfile *rows);

#endif
