/* object.h -- the objects of an HDF5 file (store.h): groups and datasets. Local, also on a store
 * that all ranks opened. */
#ifndef SPINE_FILES_OBJECT_H
#define SPINE_FILES_OBJECT_H

#include <stdbool.h>
#include <stddef.h>

#include "spine/base/error.h"

struct spine_store;

/* Create a group, and the groups above it. */
int spine_object_make_group(struct spine_store *store, const char *name, struct spine_error *err);

/* Set *has to whether there is an object with this name. Fails if that can't be read. */
int spine_object_find(struct spine_store *store, const char *name, bool *has,
                      struct spine_error *err);

/* Is there an object with this name? An error means no; but after a failed system call, later reads
 * and spine_store_close() fail. */
bool spine_object_has(struct spine_store *store, const char *name);

/* A dataset, perhaps another program's. */
enum spine_object_kind { SPINE_OBJECT_REALS, SPINE_OBJECT_STRINGS, SPINE_OBJECT_OTHER };
struct spine_object_facts {
    const char *name; /* from the root, such as "/X"; borrowed during the visit */
    enum spine_object_kind kind;
    int num_sizes;   /* dimensions of its extent */
    size_t sizes[2]; /* the first two of them */
};

/* Call 'visit' for all datasets, in alphabetical order. */
int spine_object_visit(struct spine_store *store,
                       void (*visit)(const struct spine_object_facts *facts, void *data),
                       void *data, struct spine_error *err);

/* Is it a dataset of this kind? Fills *facts if the object exists. */
bool spine_object_is(struct spine_store *store, const char *name, enum spine_object_kind kind,
                     struct spine_object_facts *facts);

#endif
