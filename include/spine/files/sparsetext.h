/* sparsetext.h -- sparse matrices in text: Matrix Market's .mtx, and .sparse (sparsefile.h). All
 * functions are local. */
#ifndef SPINE_FILES_SPARSETEXT_H
#define SPINE_FILES_SPARSETEXT_H

#include <stdbool.h>

#include "spine/base/words.h"
#include "spine/files/entries.h"
#include "spine/text/start.h"

/* Is this the beginning of Matrix Market's file? */
bool spine_sparsetext_is_market(const struct spine_start *start);

/* Are these rows of .sparse? If the name ends in .sparse, they are, whatever their words. Otherwise
 * a row with one value may be anything, such as "lunch 12:30", and numbers before all values are
 * not words but svmlight's labels. */
bool spine_sparsetext_is_listed(const struct spine_start *start);

/* Read the extent of a Matrix Market file. */
int spine_sparsetext_market_extent(const char *path, size_t *rows, size_t *columns,
                                   struct spine_error *err);

/* Append all values of a Matrix Market file. */
int spine_sparsetext_market(const char *path, struct spine_entries *entries,
                            struct spine_error *err);

/* Append all words and values of a .sparse file. *columns is 1 more than the greatest dimension. */
int spine_sparsetext_listed(const char *path, struct spine_words *words,
                            struct spine_entries *entries, size_t *columns,
                            struct spine_error *err);

#endif
