/* distinct.h -- words made distinct, for formats whose readers drop or refuse duplicates.
 *
 * The second "bank" becomes "bank-1", the third "bank-2", as in anndata's make_unique. Words seen
 * are kept as 64-bit hashes, at most 16 bytes a word. Among 10^7 words, two different ones have the
 * same hash with probability 10^-5; then one gets a number that it doesn't need. */
#ifndef SPINE_FILES_DISTINCT_H
#define SPINE_FILES_DISTINCT_H

#include <stddef.h>
#include <stdint.h>

#include "spine/base/words.h"

/* A zeroed struct has seen no word. */
struct spine_distinct {
    uint64_t *seen; /* owned; a hash table; 0: free */
    size_t capacity, count;
    size_t renamed; /* words that got a number */
};

/* Append 'word' to 'out', with a number if it was seen before. */
int spine_distinct_add(struct spine_distinct *distinct, const char *word, struct spine_words *out,
                       struct spine_error *err);
void spine_distinct_dispose(struct spine_distinct *distinct);

#endif
