/* duplicates.h -- words that occur more than once in a file whose words are on all ranks.
 *
 * Rows are numbered over all ranks in file order. Each word goes to the rank that its hash names, which
 * finds the duplicates among those that it gets, so that no rank needs all. */
#ifndef SPINE_FILES_DUPLICATES_H
#define SPINE_FILES_DUPLICATES_H

#include <stddef.h>
#include <stdint.h>

#include "spine/base/words.h"
#include "spine/ranks/comm.h"

/* Find the duplicates: rows of this rank whose word an earlier row has, on whatever rank. Their indices,
 * ascending, go to *rows, which the caller frees, and their number to *count. Collective. */
int spine_duplicates_find(struct spine_comm *comm, const struct spine_words *words, uint64_t **rows,
                          size_t *count, struct spine_error *err);

#endif
