/* distinct.h -- words made distinct, for formats whose readers drop or refuse duplicates.
 *
 * The second "bank" becomes "bank-1", the third "bank-2", as anndata's make_unique has it. What was
 * seen is kept as 64-bit hashes, 16 bytes a word at most: two different words in 10^7 are taken
 * for equal with a chance of 1 in 10^5, and then one gets a number that it didn't need. */
#ifndef SPINE_FILES_DISTINCT_H
#define SPINE_FILES_DISTINCT_H

#include <stddef.h>
#include <stdint.h>

#include "spine/base/words.h"

/* A zeroed struct has seen no word. */
struct spine_distinct {
    uint64_t *seen; /* owned; a hash table, 0 where it is free */
    size_t capacity, count;
    size_t renamed; /* words that got a number */
};

/* Append 'word' to 'out', with a number if it was seen before. */
int spine_distinct_add(struct spine_distinct *distinct, const char *word, struct spine_words *out,
                       struct spine_error *err);
void spine_distinct_dispose(struct spine_distinct *distinct);

#endif
