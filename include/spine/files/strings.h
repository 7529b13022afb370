/* strings.h -- strings in an HDF5 file (store.h). Local, also on a store that all ranks opened. */
#ifndef SPINE_FILES_STRINGS_H
#define SPINE_FILES_STRINGS_H

#include <stddef.h>
#include <stdint.h>

#include "spine/base/words.h"

struct spine_store;

/* Create an empty vector of variable-length UTF-8 strings, laid out for about 'expected'. */
int spine_strings_make(struct spine_store *store, const char *name, size_t expected,
                       struct spine_error *err);

/* Append all words to such a vector. If it doesn't exist, it is created, laid out for many
 * words. */
int spine_strings_append(struct spine_store *store, const char *name,
                         const struct spine_words *words, struct spine_error *err);

/* Create a vector of 'count' strings, at least one. After the file is closed, all ranks write its
 * elements, which begin at byte *offset of the file (stringheap.h). */
int spine_strings_make_at(struct spine_store *store, const char *name, size_t count,
                          int64_t *offset, struct spine_error *err);

/* Create a dataset with one string. */
int spine_strings_put(struct spine_store *store, const char *name, const char *text,
                      struct spine_error *err);

/* Count the strings of a dataset, of variable or fixed length. Refuses a dataset of other
 * elements. */
int spine_strings_count(struct spine_store *store, const char *name, size_t *count,
                        struct spine_error *err);

/* Append strings [first, first + count) of a dataset to 'words'. One without a category, or that
 * the mask of nullable strings says is missing, is empty. */
int spine_strings_read(struct spine_store *store, const char *name, size_t first, size_t count,
                       struct spine_words *words, struct spine_error *err);

#endif
