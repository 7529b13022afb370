/* rowfile.h -- the rows of vectors.h5, read in any order, in the background.
 *
 * The dataset /vectors, as spine-convert writes it, is contiguous in the file, so its rows are read
 * by pread(). HDF5, which another thread may be using (checkpoint.h), isn't needed, and the process
 * caches nothing. The kernel reads ahead; it is told which rows come next.
 *
 * Reading reports no errors: rows that can't be read become NaN, and spine_rowfile_check() reports
 * the reason later, as ferror() would. All functions are local. */
#ifndef SPINE_FILES_ROWFILE_H
#define SPINE_FILES_ROWFILE_H

#include <stddef.h>

#include "spine/base/error.h"

struct spine_store; /* store.h */

struct spine_rowfile;

/* The most rows that are read at once. */
enum { SPINE_ROWFILE_ROWS = 64 };

/* Open the vectors, (any, D), of 'store', which is open for reading. Refuses a dataset that is
 * compressed, chunked, or not of native floats. */
int spine_rowfile_open(struct spine_rowfile **rows, struct spine_store *store, const char *path,
                       size_t dim, struct spine_error *err);

/* Read 'count' rows from 'first' on. In memory a row begins every 'stride' numbers and is padded
 * with zeros. */
void spine_rowfile_read(struct spine_rowfile *rows, size_t first, size_t count, size_t stride,
                        float *values);

/* Announce rows that will be read soon. */
void spine_rowfile_expect(const struct spine_rowfile *rows, size_t first, size_t count);

/* Fail if a row couldn't be read; refuse a file that was written to since it was opened. */
int spine_rowfile_check(const struct spine_rowfile *rows, struct spine_error *err);

/* NULL is allowed. */
void spine_rowfile_close(struct spine_rowfile *rows);

#endif
