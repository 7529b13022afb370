/* array.h -- numbers in an HDF5 file (store.h): vectors, and matrices by rows.
 *
 * Reading is collective on a store that all ranks opened together; a rank without rows passes count
 * 0. */
#ifndef SPINE_FILES_ARRAY_H
#define SPINE_FILES_ARRAY_H

#include <stddef.h>
#include <stdint.h>

#include "spine/base/error.h"

struct spine_store;

enum spine_array_type { SPINE_ARRAY_FLOAT, SPINE_ARRAY_INT32, SPINE_ARRAY_INT64 };

/* Create a dataset of 'rows' x 'columns', or if columns is 0, a vector of 'rows' elements. */
int spine_array_make(struct spine_store *store, const char *name, enum spine_array_type type,
                     size_t rows, size_t columns, struct spine_error *err);

/* The same for rows that are written without HDF5, after the file is closed: by
 * spine_outfile_write(), one after the other, little-endian, from byte *offset of the file on.
 * There must be some. */
int spine_array_make_at(struct spine_store *store, const char *name, enum spine_array_type type,
                        size_t rows, size_t columns, int64_t *offset, struct spine_error *err);

/* Find the byte of the file at which a dataset's rows begin, if they are stored one after the other
 * as in memory; else *offset is -1. Local. */
int spine_array_find(struct spine_store *store, const char *name, enum spine_array_type type,
                     int64_t *offset, struct spine_error *err);

/* As spine_array_make(), with Fletcher-32 checksums: reading damaged data fails. */
int spine_array_make_checked(struct spine_store *store, const char *name,
                             enum spine_array_type type, size_t rows, size_t columns,
                             struct spine_error *err);

/* Write rows [first, first + count) of a dataset. In memory a row begins every 'stride' elements;
 * for vectors stride is 1. The element type is the dataset's. */
int spine_array_write(struct spine_store *store, const char *name, enum spine_array_type type,
                      size_t first, size_t count, size_t stride, const void *data,
                      struct spine_error *err);

/* Create an empty vector that can grow; append to it. It grows in chunks, which are small if few
 * elements are expected; pass SPINE_ARRAY_MANY if their number is unknown. */
#define SPINE_ARRAY_MANY SIZE_MAX
int spine_array_make_growing(struct spine_store *store, const char *name,
                             enum spine_array_type type, size_t expected, struct spine_error *err);
int spine_array_append(struct spine_store *store, const char *name, enum spine_array_type type,
                       size_t count, const void *data, struct spine_error *err);

/* Create a dataset with one number. */
int spine_array_put_real(struct spine_store *store, const char *name, double value,
                         struct spine_error *err);

/* Get the extent of a dataset. Refuses one that isn't of this kind of number (any width and byte
 * order), or hasn't two dimensions, or one if columns is NULL. */
int spine_array_extent(struct spine_store *store, const char *name, enum spine_array_type type,
                       size_t *rows, size_t *columns, struct spine_error *err);

/* Read rows [first, first + count) of a dataset, which must lie inside. See spine_array_write(). */
int spine_array_read(struct spine_store *store, const char *name, enum spine_array_type type,
                     size_t first, size_t count, size_t stride, void *data,
                     struct spine_error *err);

#endif
