/* store.h -- HDF5 files: the only door to HDF5.
 *
 * A file is written as PATH.part and published when it is whole, as outfile.h has it:
 *
 *     one rank:   create, make, write, close, publish
 *     all ranks:  rank 0 creates, makes a dataset, finds where in the file its rows are
 *                 (spine_store_make_at), closes; all write theirs there (spine_outfile_write);
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

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spine/base/words.h"
#include "spine/ranks/comm.h"

struct spine_store;

enum spine_store_type { SPINE_STORE_FLOAT, SPINE_STORE_INT32, SPINE_STORE_INT64 };

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

/* Flush, close and release the handle, whether it succeeds or not. NULL is allowed. */
int spine_store_close(struct spine_store *store, struct spine_error *err);

/* Create a group, and the groups above it. */
int spine_store_make_group(struct spine_store *store, const char *name, struct spine_error *err);

/* Create a dataset of 'rows' x 'columns'; with columns 0 it is a vector of 'rows' elements. */
int spine_store_make(struct spine_store *store, const char *name, enum spine_store_type type,
                     size_t rows, size_t columns, struct spine_error *err);

/* The same for rows that aren't written through HDF5, but from byte *offset of the file on, when it
 * is closed (spine_outfile_write): one after the other, little-endian. There must be some. */
int spine_store_make_at(struct spine_store *store, const char *name, enum spine_store_type type,
                        size_t rows, size_t columns, int64_t *offset, struct spine_error *err);

/* As spine_store_make(), in chunks with Fletcher-32 checksums: reading fails where the file was damaged. */
int spine_store_make_checked(struct spine_store *store, const char *name,
                             enum spine_store_type type, size_t rows, size_t columns,
                             struct spine_error *err);

/* Write rows [first, first + count) of a dataset. In memory a row begins every 'stride' elements;
 * for vectors stride is 1. The element type is the dataset's. */
int spine_store_write(struct spine_store *store, const char *name, enum spine_store_type type,
                      size_t first, size_t count, size_t stride, const void *data,
                      struct spine_error *err);

/* Append to a vector that grows: created empty by spine_store_make_growing(). */
int spine_store_make_growing(struct spine_store *store, const char *name,
                             enum spine_store_type type, struct spine_error *err);
int spine_store_append(struct spine_store *store, const char *name, enum spine_store_type type,
                       size_t count, const void *data, struct spine_error *err);

/* Append words [0, words->count) to a vector of variable-length UTF-8 strings, which is created
 * by the first call. */
int spine_store_append_words(struct spine_store *store, const char *name,
                             const struct spine_words *words, struct spine_error *err);

/* Make a dataset of one value. */
int spine_store_put_text(struct spine_store *store, const char *name, const char *text,
                         struct spine_error *err);
int spine_store_put_real(struct spine_store *store, const char *name, double value,
                         struct spine_error *err);

/* Is there an object of this name? Fails if that can't be read. Local, also on a store that all
 * opened. */
int spine_store_find(struct spine_store *store, const char *name, bool *has,
                     struct spine_error *err);

/* The same, where an error means no. */
int spine_store_has(struct spine_store *store, const char *name);

/* The extent of a dataset, which must be numbers of this kind (any width and byte order), with two
 * dimensions where columns isn't NULL, else one. Refused otherwise. */
int spine_store_extent(struct spine_store *store, const char *name, enum spine_store_type type,
                       size_t *rows, size_t *columns, struct spine_error *err);

/* Read rows [first, first + count) of a dataset, which must lie inside. See spine_store_write(). */
int spine_store_read(struct spine_store *store, const char *name, enum spine_store_type type,
                     size_t first, size_t count, size_t stride, void *data,
                     struct spine_error *err);

/* A dataset that others may have made. */
enum spine_store_kind { SPINE_STORE_REALS, SPINE_STORE_STRINGS, SPINE_STORE_OTHER };
struct spine_store_facts {
    const char *name; /* from the root, such as "/X"; borrowed during the visit */
    enum spine_store_kind kind;
    int num_sizes;   /* dimensions of its extent */
    size_t sizes[2]; /* the first two of them */
};

/* Call 'visit' for all datasets, in the order of their names. Local. */
int spine_store_visit(struct spine_store *store,
                      void (*visit)(const struct spine_store_facts *facts, void *data), void *data,
                      struct spine_error *err);

/* Is it a dataset of this kind? Fills *facts where there is such an object. Local. */
bool spine_store_is(struct spine_store *store, const char *name, enum spine_store_kind kind,
                    struct spine_store_facts *facts);

/* The number of strings of a dataset of strings, of variable or fixed length; refused if it isn't
 * one. */
int spine_store_words_count(struct spine_store *store, const char *name, size_t *count,
                            struct spine_error *err);

/* Append strings [first, first + count) of a dataset to 'words'. Local, also on a store that all
 * opened. */
int spine_store_read_words(struct spine_store *store, const char *name, size_t first, size_t count,
                           struct spine_words *words, struct spine_error *err);

/* Attributes of an object ("/" for the root group). Local. spine_store_get_text() allocates, the
 * caller frees. */
int spine_store_set_text(struct spine_store *store, const char *object, const char *name,
                         const char *text, struct spine_error *err);
int spine_store_set_texts(struct spine_store *store, const char *object, const char *name,
                          const char *const *texts, size_t count, struct spine_error *err);
int spine_store_set_integers(struct spine_store *store, const char *object, const char *name,
                             const int64_t *values, size_t count, struct spine_error *err);
int spine_store_set_real(struct spine_store *store, const char *object, const char *name,
                         double value, struct spine_error *err);
bool spine_store_has_attribute(struct spine_store *store, const char *object, const char *name);
int spine_store_get_text(struct spine_store *store, const char *object, const char *name,
                         char **text, struct spine_error *err);
int spine_store_get_integer(struct spine_store *store, const char *object, const char *name,
                            int64_t *value, struct spine_error *err);
int spine_store_get_real(struct spine_store *store, const char *object, const char *name,
                         double *value, struct spine_error *err);

/* The HDF5 library's version, such as "1.10.8". */
void spine_store_library(char *text, size_t size);

#endif
