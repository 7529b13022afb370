/* repeated.h -- words that stand in a list more than once. */
#ifndef SPINE_BASE_REPEATED_H
#define SPINE_BASE_REPEATED_H

#include "spine/base/words.h"

/* Find the words that stand further up already: their indices, ascending, go to *indices, which
 * the caller frees, and their number to *count. The search ends at the first 'most' of them. On
 * failure, when memory runs out, both are as they were. */
int spine_repeated_find(const struct spine_words *words, size_t most, uint64_t **indices,
                        size_t *count, struct spine_error *err);

#endif
