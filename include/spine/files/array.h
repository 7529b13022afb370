/* array.h -- numbers in an HDF5 file (store.h): vectors, and matrices in rows.
 *
 * Reading is collective on a store that all ranks opened together: a rank without rows takes part
 * with count 0. */
#ifndef SPINE_FILES_ARRAY_H
#define SPINE_FILES_ARRAY_H

#include <stddef.h>
#include <stdint.h>

#include "spine/base/error.h"

struct spine_store;

enum spine_array_type { SPINE_ARRAY_FLOAT, SPINE_ARRAY_INT32, SPINE_ARRAY_INT64 };

/* Create a dataset of 'rows' x 'columns'; with columns 0 it is a vector of 'rows' elements. */
int spine_array_make(struct spine_store *store, const char *name, enum spine_array_type type,
                     size_t rows, size_t columns, struct spine_error *err);

/* The same for rows that aren't written through HDF5, but from byte *offset of the file on, when it
 * is closed (spine_outfile_write): one after the other, little-endian. There must be some. */
int spine_array_make_at(struct spine_store *store, const char *name, enum spine_array_type type,
                        size_t rows, size_t columns, int64_t *offset, struct spine_error *err);

/* From which byte of the file on a dataset's rows are, one after the other, as they would be in memory;
 * -1 if they are stored in any other way. Local. */
int spine_array_find(struct spine_store *store, const char *name, enum spine_array_type type,
                     int64_t *offset, struct spine_error *err);

/* As spine_array_make(), in chunks with Fletcher-32 checksums: reading fails where the file was damaged. */
int spine_array_make_checked(struct spine_store *store, const char *name,
                             enum spine_array_type type, size_t rows, size_t columns,
                             struct spine_error *err);

/* Write rows [first, first + count) of a dataset. In memory a row begins every 'stride' elements;
 * for vectors stride is 1. The element type is the dataset's. */
int spine_array_write(struct spine_store *store, const char *name, enum spine_array_type type,
                      size_t first, size_t count, size_t stride, const void *data,
                      struct spine_error *err);

/* Append to a vector that grows: created empty by spine_array_make_growing(). It takes space in chunks,
 * which are small where no more than 'expected' elements are; SPINE_ARRAY_MANY says nothing. */
#define SPINE_ARRAY_MANY SIZE_MAX
int spine_array_make_growing(struct spine_store *store, const char *name,
                             enum spine_array_type type, size_t expected, struct spine_error *err);
int spine_array_append(struct spine_store *store, const char *name, enum spine_array_type type,
                       size_t count, const void *data, struct spine_error *err);

/* Make a dataset of one number. */
int spine_array_put_real(struct spine_store *store, const char *name, double value,
                         struct spine_error *err);

/* The extent of a dataset, which must be numbers of this kind (any width and byte order), with two
 * dimensions where columns isn't NULL, else one. Refused otherwise. */
int spine_array_extent(struct spine_store *store, const char *name, enum spine_array_type type,
                       size_t *rows, size_t *columns, struct spine_error *err);

/* Read rows [first, first + count) of a dataset, which must lie inside. See spine_array_write(). */
int spine_array_read(struct spine_store *store, const char *name, enum spine_array_type type,
                     size_t first, size_t count, size_t stride, void *data,
                     struct spine_error *err);

#endif
