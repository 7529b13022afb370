/* h5.h -- what the modules that call HDF5 share: an open file, the reason why HDF5 failed, and HDF5
 * calls that several of them make. All other modules use store.h, object.h, array.h, strings.h and
 * attribute.h.
 *
 * 1. Every id is closed in the function that opened it, so H5Fclose really closes the file.
 * 2. HDF5's own error printing is off; its innermost description becomes part of our message.
 * 3. Any further call of HDF5, even one that closes something, loses the reason of a failure:
 *    report the failure first.
 * 4. Ids are int64_t here, HDF5's hid_t, so that this header doesn't include HDF5's.
 * 5. There is no MPI-IO: Open MPI's loses read errors and hangs when one rank fails. Each rank
 *    reads a common file by itself, and the ranks agree on whether a transfer failed. */
#ifndef SPINE_FILES_H5_H
#define SPINE_FILES_H5_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "spine/base/words.h"
#include "spine/ranks/comm.h"

enum {
    SPINE_H5_TRANSFER = 8 << 20, /* the most bytes of a transfer, so that buffers stay small */
    SPINE_H5_DIMENSIONS = 32,    /* the most dimensions of a dataset */
};

struct spine_store {
    int64_t file;
    struct spine_comm *comm; /* borrowed; NULL: opened by one rank alone */
    struct stat facts;       /* of the file when it was opened for reading */
    bool has_failed;         /* a system call failed while something was looked up: */
    struct spine_error failure;
    char *categories_of; /* owned; the dataset that has these strings (strings.c), or NULL */
    struct spine_words categories; /* owned */
    char path[];                   /* the name in messages */
};

/* --- Errors ------------------------------------------------------------------------------- */

/* Why HDF5 failed. */
struct spine_h5_cause {
    char text[256]; /* the innermost description */
    int code;       /* errno of the system call that failed; 0 if none did */
    bool is_lock;   /* it was the call that locks the file */
    bool is_mark;   /* the file says that it is open for writing */
};

struct spine_h5_cause spine_h5_find_cause(void);

/* Fill err from HDF5's error stack: "PATH: WHAT: CAUSE"; "PATH: can't DOING 'NAME': CAUSE". Returns
 * -1. */
int spine_h5_fail(const char *path, const char *what, struct spine_error *err);
int spine_h5_fail_object(const struct spine_store *store, const char *doing, const char *name,
                         struct spine_error *err);

/* After HDF5 answered a question with an error: return 0, "no", if no system call failed; else
 * fail. */
int spine_h5_fail_answer(const char *path, struct spine_error *err);

/* After a failure of HDF5: if a system call failed, note that in the store. From then on
 * spine_h5_check(), reading from the store and closing it fail, so that "couldn't be looked up" is
 * never mistaken for "doesn't exist". */
void spine_h5_note_failure(struct spine_store *store);

/* Is HDF5's answer yes? An error (an answer below 0) is noted, and means no. */
bool spine_h5_is_yes(struct spine_store *store, int answer);

/* Fail if a failure was noted. */
int spine_h5_check(const struct spine_store *store, struct spine_error *err);

/* Refuse with "'NAME' claims more data than the file holds". Returns -1. */
int spine_h5_refuse_missing(const struct spine_store *store, const char *name,
                            struct spine_error *err);

/* As spine_comm_agree() if all ranks opened the store together; otherwise return rc. */
int spine_h5_agree(const struct spine_store *store, int rc, struct spine_error *err);

/* --- Objects ------------------------------------------------------------------------------ */

/* The type of strings as h5py and anndata write them: variable length, UTF-8, ended by NUL. The
 * caller closes it. */
int64_t spine_h5_string_type(void);

/* Creation properties that also create the groups above the object. The caller closes them. */
int64_t spine_h5_link_creation(void);

/* Create a dataset; closes 'space' and 'creation'. */
int spine_h5_make(struct spine_store *store, const char *name, int64_t type, int64_t space,
                  int64_t creation, struct spine_error *err);

/* Create a dataset that is written without HDF5, from byte *offset of the file on; closes
 * 'space'. */
int spine_h5_make_at(struct spine_store *store, const char *name, int64_t type, int64_t space,
                     int64_t *offset, struct spine_error *err);

/* Create an empty vector that can grow, in chunks of 'chunk' elements. */
int spine_h5_make_growing(struct spine_store *store, const char *name, int64_t type, size_t chunk,
                          struct spine_error *err);

/* Create a dataset with one value. */
int spine_h5_put_scalar(struct spine_store *store, const char *name, int64_t disk, int64_t memory,
                        const void *value, struct spine_error *err);

/* Append elements; 'type' is their type in memory. */
int spine_h5_append(struct spine_store *store, const char *name, int64_t type, size_t count,
                    const void *data, struct spine_error *err);

enum spine_h5_direction { SPINE_H5_READ, SPINE_H5_WRITE };

/* A transfer property list for 'count' elements that have 'type' in memory; the caller closes it.
 * Its conversion buffer has their size. The default buffer has 1 MiB, which HDF5 clears for each
 * transfer, even of one element. */
int64_t spine_h5_transfer_list(int64_t type, size_t count);

/* Read or write rows [first, first + count) of the dataset. In memory, elements have the type
 * 'type' and rows begin every 'stride' elements. On failure, HDF5's error stack has the reason. */
int spine_h5_transfer(int64_t dataset, enum spine_h5_direction direction, int64_t type,
                      size_t first, size_t count, size_t stride, void *data);

/* What a dataset is. */
struct spine_h5_facts {
    bool is_float, is_integer, is_text; /* its elements */
    size_t length;                      /* of strings, in bytes; 0: variable */
    int dimensions;
    uint64_t extent[SPINE_H5_DIMENSIONS];
    bool is_held; /* the file has all elements */
};

/* Describe a dataset. Refuses a name that doesn't exist or isn't a dataset. */
int spine_h5_look_up(struct spine_store *store, const char *name, struct spine_h5_facts *facts,
                     struct spine_error *err);

#endif
