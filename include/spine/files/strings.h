/* strings.h -- strings in an HDF5 file (store.h). Local, also on a store that all opened. */
#ifndef SPINE_FILES_STRINGS_H
#define SPINE_FILES_STRINGS_H

#include <stddef.h>

#include "spine/base/words.h"

struct spine_store;

/* Create an empty vector of variable-length UTF-8 strings, laid out for about 'expected'. */
int spine_strings_make(struct spine_store *store, const char *name, size_t expected,
                       struct spine_error *err);

/* Append words [0, words->count) to such a vector; if there is none, it is created for many. */
int spine_strings_append(struct spine_store *store, const char *name,
                         const struct spine_words *words, struct spine_error *err);

/* Make a dataset of one string. */
int spine_strings_put(struct spine_store *store, const char *name, const char *text,
                      struct spine_error *err);

/* The number of strings of a dataset of strings, of variable or fixed length; refused if it isn't
 * one. */
int spine_strings_count(struct spine_store *store, const char *name, size_t *count,
                        struct spine_error *err);

/* Append strings [first, first + count) of a dataset to 'words'. */
int spine_strings_read(struct spine_store *store, const char *name, size_t first, size_t count,
                       struct spine_words *words, struct spine_error *err);

#endif
