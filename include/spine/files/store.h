/* store.h -- HDF5 files: the only door to HDF5.
 *
 * A file is written as PATH.part and published when it is whole, as outfile.h has it:
 *
 *     one rank:   create, make, write, close, publish
 *     all ranks:  rank 0 creates, writes what one rank must write (words), closes; all join, make
 *                 and write their rows, close; rank 0 publishes
 *
 * Functions on a store that all ranks opened together (spine_store_join, spine_store_open_all) are
 * collective over its communicator; a rank without rows takes part with count 0. On one that was
 * opened alone they are local. A failing collective call fails on all ranks alike.
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

/* Open PATH.part, which rank 0 has created and closed, for writing by all ranks of comm. The comm
 * is borrowed until spine_store_close(). */
int spine_store_join(struct spine_store **store, struct spine_comm *comm, const char *path,
                     struct spine_error *err);

/* Open for reading, alone or by all ranks together. Refuses a file that isn't HDF5 or of 'format'
 * (if not NULL), by name. */
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

/* The same in chunks with Fletcher-32 checksums: reading fails where the file was damaged. */
int spine_store_make_checked(struct spine_store *store, const char *name,
                             enum spine_store_type type, size_t rows, size_t columns,
                             struct spine_error *err);

/* Write rows [first, first + count) of a dataset. In memory a row begins every 'stride' elements;
 * for vectors stride is 1. The element type is the dataset's. */
int spine_store_write(struct spine_store *store, const char *name, enum spine_store_type type,
                      size_t first, size_t count, size_t stride, const void *data,
                      struct spine_error *err);

/* Append to a vector that grows: created empty by spine_store_make_growing(). Only alone. */
int spine_store_make_growing(struct spine_store *store, const char *name,
                             enum spine_store_type type, struct spine_error *err);
int spine_store_append(struct spine_store *store, const char *name, enum spine_store_type type,
                       size_t count, const void *data, struct spine_error *err);

/* Append words [0, words->count) to a vector of variable-length UTF-8 strings, which is created
 * by the first call. Only alone. */
int spine_store_append_words(struct spine_store *store, const char *name,
                             const struct spine_words *words, struct spine_error *err);

/* Make a dataset of one value. Only alone. */
int spine_store_put_text(struct spine_store *store, const char *name, const char *text,
                         struct spine_error *err);
int spine_store_put_real(struct spine_store *store, const char *name, double value,
                         struct spine_error *err);

/* Is there an object of this name? Local, also on a store that all opened. */
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

/* Attributes of an object ("/" for the root group). On a store that all opened, the setters are
 * collective with equal values; the getters are local. spine_store_get_text() allocates, the
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
