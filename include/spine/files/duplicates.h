/* duplicates.h -- words that occur more than once among the words of all ranks.
 *
 * Row numbers are global, in file order. Each word is sent to a rank chosen by its hash, which
 * finds the duplicates among the words that it receives, so no rank needs all words. */
#ifndef SPINE_FILES_DUPLICATES_H
#define SPINE_FILES_DUPLICATES_H

#include <stddef.h>
#include <stdint.h>

#include "spine/base/words.h"
#include "spine/ranks/comm.h"

/* Find the duplicates: rows of this rank whose word an earlier row has, on any rank. Their indices,
 * ascending, go to *rows, which the caller frees, and their number to *count. Collective. */
int spine_duplicates_find(struct spine_comm *comm, const struct spine_words *words, uint64_t **rows,
                          size_t *count, struct spine_error *err);

#endif
