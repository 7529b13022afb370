/* h5.h -- what the modules behind the door to HDF5 share: an open file, why HDF5 failed, and calls
 * of HDF5 that more than one of them makes. The others have store.h, object.h, array.h, strings.h
 * and attribute.h.
 *
 * 1. Every id is closed in the function that opened it, so H5Fclose really closes the file.
 * 2. HDF5's own error printing is off; the innermost description goes into our one line.
 * 3. HDF5's next call, be it to close something, forgets why the last one failed: fail first.
 * 4. Ids are int64_t here, which HDF5 calls hid_t, so that this header needs none of HDF5's.
 * 5. There is no MPI-IO: Open MPI's loses read errors and hangs where one rank fails. Ranks read a
 *    file that all opened each for itself, and agree on whether a transfer failed. */
#ifndef SPINE_FILES_H5_H
#define SPINE_FILES_H5_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "spine/base/words.h"
#include "spine/ranks/comm.h"

enum {
    /* One transfer's bytes at most: buffers should stay small. */
    SPINE_H5_TRANSFER = 8 << 20,
    SPINE_H5_DIMENSIONS = 32, /* of a dataset at most */
};

struct spine_store {
    int64_t file;
    struct spine_comm *comm; /* borrowed; NULL where one rank works alone */
    struct stat facts;       /* of the file when it was opened for reading */
    bool has_failed;         /* a system call did, when it was asked whether something is there */
    struct spine_error failure;
    char *categories_of; /* owned; of which dataset these are the strings (strings.c), or NULL */
    struct spine_words categories; /* owned */
    char path[];                   /* the name that messages use */
};

/* --- Errors ------------------------------------------------------------------------------- */

/* Why HDF5 failed. */
struct spine_h5_cause {
    char text[256]; /* the innermost description */
    int code;       /* errno of the system call that failed; 0 if none did */
    bool is_lock;   /* it was to lock the file */
};

struct spine_h5_cause spine_h5_find_cause(void);

/* Fill err from HDF5's error stack: "PATH: WHAT: CAUSE"; "PATH: can't DOING 'NAME': CAUSE". -1. */
int spine_h5_fail(const char *path, const char *what, struct spine_error *err);
int spine_h5_fail_object(const struct spine_store *store, const char *doing, const char *name,
                         struct spine_error *err);

/* HDF5 answered a question by an error: that means no, and 0 is returned, if no system call failed. */
int spine_h5_fail_answer(const char *path, struct spine_error *err);

/* HDF5 has just failed: note it in the store if a system call did, and from then on spine_h5_check(), all
 * that reads from the store, and closing it fail: what couldn't be looked up is never taken for what isn't
 * there. */
void spine_h5_note_failure(struct spine_store *store);
/* Is HDF5's answer yes? An error, which is below 0 and noted, is no. */
bool spine_h5_is_yes(struct spine_store *store, int answer);
int spine_h5_check(const struct spine_store *store, struct spine_error *err);

/* "'NAME' claims more data than the file holds". Returns -1. */
int spine_h5_refuse_missing(const struct spine_store *store, const char *name,
                            struct spine_error *err);

/* As spine_comm_agree(), of a store that all ranks opened together; else rc. */
int spine_h5_agree(const struct spine_store *store, int rc, struct spine_error *err);

/* --- Objects ------------------------------------------------------------------------------ */

/* Strings as h5py and anndata write them: variable length, UTF-8, ended by NUL. To be closed. */
int64_t spine_h5_string_type(void);

/* Creation properties that also create the groups above the object. To be closed. */
int64_t spine_h5_link_creation(void);

/* Create a dataset; 'space' and 'creation' are closed. */
int spine_h5_make(struct spine_store *store, const char *name, int64_t type, int64_t space,
                  int64_t creation, struct spine_error *err);

/* Create an empty vector that can grow, in chunks of 'chunk' elements. */
int spine_h5_make_growing(struct spine_store *store, const char *name, int64_t type, size_t chunk,
                          struct spine_error *err);

/* Create a dataset of one value, and write it. */
int spine_h5_put_scalar(struct spine_store *store, const char *name, int64_t disk, int64_t memory,
                        const void *value, struct spine_error *err);

/* Append elements that are of 'type' in memory. */
int spine_h5_append(struct spine_store *store, const char *name, int64_t type, size_t count,
                    const void *data, struct spine_error *err);

enum spine_h5_direction { SPINE_H5_READ, SPINE_H5_WRITE };

/* Move rows [first, first + count) of the dataset; in memory, of elements of 'type', rows begin
 * every 'stride'. HDF5's error stack says why it failed. */
int spine_h5_transfer(int64_t dataset, enum spine_h5_direction direction, int64_t type,
                      size_t first, size_t count, size_t stride, void *data);

/* What a dataset is. */
struct spine_h5_facts {
    bool is_float, is_integer, is_text; /* its elements */
    size_t length;                      /* of strings, in bytes; 0: variable */
    int dimensions;
    uint64_t extent[SPINE_H5_DIMENSIONS];
    bool is_held; /* the file is large enough for all elements */
};

/* Refuses if there is no such dataset, or it isn't one. */
int spine_h5_look_up(struct spine_store *store, const char *name, struct spine_h5_facts *facts,
                     struct spine_error *err);

#endif
