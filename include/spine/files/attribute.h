/* attribute.h -- attributes of the objects in an HDF5 file (store.h); "/" is the root group. Local,
 * also on a store that all ranks opened. */
#ifndef SPINE_FILES_ATTRIBUTE_H
#define SPINE_FILES_ATTRIBUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spine/base/error.h"

struct spine_store;

/* Set and read attributes of an object. The caller frees what spine_attribute_get_text()
 * returns. */
int spine_attribute_set_text(struct spine_store *store, const char *object, const char *name,
                             const char *text, struct spine_error *err);
int spine_attribute_set_texts(struct spine_store *store, const char *object, const char *name,
                              const char *const *texts, size_t count, struct spine_error *err);
int spine_attribute_set_integers(struct spine_store *store, const char *object, const char *name,
                                 const int64_t *values, size_t count, struct spine_error *err);
int spine_attribute_set_real(struct spine_store *store, const char *object, const char *name,
                             double value, struct spine_error *err);
bool spine_attribute_has(struct spine_store *store, const char *object, const char *name);
int spine_attribute_get_text(struct spine_store *store, const char *object, const char *name,
                             char **text, struct spine_error *err);
int spine_attribute_get_integer(struct spine_store *store, const char *object, const char *name,
                                int64_t *value, struct spine_error *err);
int spine_attribute_get_real(struct spine_store *store, const char *object, const char *name,
                             double *value, struct spine_error *err);

#endif
